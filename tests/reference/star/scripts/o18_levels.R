## Raw columns, penalties and scales of mgcv's bases in which levels take part: mrf, fs, sz.
## Run in tests/reference/star:  Rscript scripts/o18_levels.R
suppressPackageStartupMessages({library(mgcv); library(jsonlite)})
set.seed(9, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection"); n <- 90
d <- data.frame(x = round(runif(n), 4), z = round(runif(n), 4), f = factor(sample(c("a", "b", "c"), n, TRUE)), g = factor(sample(c("u", "v"), n, TRUE)), region = factor(sample(c("r1", "r10", "r2", "r3", "r4", "r5"), n, TRUE)))
nb <- list(r1 = c("r2", "r10"), r10 = c("r1", "r3"), r2 = c("r1", "r3"), r3 = c("r2", "r10", "r4"), r4 = c("r3", "r5", "r6"), r5 = "r4", r6 = "r4", r7 = character(0))
pen <- diag(6) * 2 + .5; dimnames(pen) <- list(rev(levels(d$region)), rev(levels(d$region))); pen["r1", "r10"] <- pen["r10", "r1"] <- -1
rows <- c(1:6, 40, 77)
one <- function(spec, knots = NULL, data = d) {
  s <- smoothCon(spec, data, knots, absorb.cons = FALSE, scale.penalty = FALSE)[[1]]; sc <- smoothCon(spec, data, knots, absorb.cons = TRUE, scale.penalty = TRUE)[[1]]
  X <- s$X[rows, , drop = FALSE]; S <- s$S
  if (is.numeric(s$C) && !is.matrix(s$C) && length(s$C) > 1) { X <- sc$X[rows, , drop = FALSE]; S <- Map(`*`, sc$S, sc$S.scale) }   # sz: as it is fitted
  nf <- if (!is.null(s$Xb)) s$Xb[, -seq_len(s$base$rank), drop = FALSE]
  list(p = ncol(X), XXt = unname(tcrossprod(X)), XSXt = unname(lapply(S, function(S) unname(X %*% S %*% t(X)))), S_scale = sc$S.scale, ranks = s$rank, null_functions = if (inherits(s, "fs.interaction")) unname(nf)) }
two <- d; two$region <- factor(d$region, levels = c(levels(d$region), "r7")); two$region[c(3, 50)] <- "r7"
reg8 <- list(region = factor(c("r1", "r10", "r2", "r3", "r4", "r5", "r6", "r7")))
nb7 <- nb[c("r1", "r10", "r2", "r3", "r4", "r5", "r6")]
R <- list(
  mrf_unseen_region = one(s(region, bs = "mrf", xt = list(nb = nb7)), list(region = factor(names(nb7)))), mrf_unseen_region_k5 = one(s(region, bs = "mrf", k = 5, xt = list(nb = nb7)), list(region = factor(names(nb7)))),
  mrf_island = one(s(region, bs = "mrf", xt = list(nb = nb)), reg8, two), mrf_island_k6 = one(s(region, bs = "mrf", k = 6, xt = list(nb = nb)), reg8, two), mrf_penalty = one(s(region, bs = "mrf", xt = list(penalty = pen))),
  fs_tp = one(s(x, f, bs = "fs", k = 6)), fs_cr = one(s(f, x, bs = "fs", k = 6, xt = "cr")), fs_ps = one(s(x, f, bs = "fs", k = 7, xt = list(bs = "ps"))), fs_cc = one(s(x, f, bs = "fs", k = 6, xt = "cc")), fs_m1 = one(s(x, f, bs = "fs", k = 6, m = 1)),
  fs_surface = one(s(x, z, f, bs = "fs", k = 12)), fs_gp = one(s(x, f, bs = "fs", k = 8, xt = "gp")),
  sz_one = one(s(f, x, bs = "sz", k = 6)), sz_cr = one(s(x, f, bs = "sz", k = 6, xt = "cr")), sz_two = one(s(f, g, x, bs = "sz", k = 5)), sz_two_id = one(s(f, g, x, bs = "sz", k = 5, id = 1)), sz_surface = one(s(g, x, z, bs = "sz", k = 10)))
writeLines(toJSON(list(origin = paste("mgcv", packageVersion("mgcv"), R.version.string), data = d, rows = rows - 1, neighbours = nb, penalty = list(names = colnames(pen), values = unname(pen)), island_rows = c(2, 49), bases = R), digits = NA, dataframe = "columns", matrix = "rowmajor", auto_unbox = TRUE, null = "null"), "ref/o18_levels.json")
