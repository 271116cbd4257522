## Fits of gam() with method = "GCV.Cp".  Run in tests/reference/star:  Rscript scripts/o21_gcv.R
source("scripts/common.R")
set.seed(3, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
mcycle <- read.csv("data/mcycle.csv"); sim1 <- read.csv("data/gamsim1.csv"); sim2 <- read.csv("data/gamsim2.csv"); sim3 <- read.csv("data/gamsim3.csv")
sim4 <- read.csv("data/gamsim4.csv"); sim4$fac <- factor(sim4$fac)
not <- read.csv("data/nottem.csv"); edge <- read.csv("data/edge.csv"); sleep <- read.csv("data/sleepstudy.csv"); sleep$Subject <- factor(sleep$Subject)
topo <- read.csv("data/topo.csv"); sim1$w <- round(0.5 + seq_len(nrow(sim1)) %% 7 / 4, 2)
TIGHTER <- gam.control(epsilon = 1e-12, mgcv.tol = 1e-13, newton = list(conv.tol = 1e-11), keepData = TRUE)
fits <- list()
add <- function(key, data, call, knots = NULL, weights = NULL, select = FALSE) {
  d <- get(data); d$.w <- if (is.null(weights)) 1 else d[[weights]]
  b <- gam(as.formula(call), data = d, method = "GCV.Cp", control = TIGHTER, knots = knots, weights = .w, select = select)
  s <- summary(b); rows <- c(1, 2, 5, 10, 20, 40)
  fits[[key]] <<- list(data = data, formula = call, weights = weights, select = select, method = b$method, score = as.numeric(b$gcv.ubre), sp = as.list(b$sp), sig2 = b$sig2,
    edf_total = sum(b$edf), fit = as.numeric(fitted(b))[rows], se = as.numeric(predict(b, se.fit = TRUE)$se.fit)[rows], rows = rows,
    parametric = lapply(seq_len(nrow(s$p.table)), function(i) c(list(term = rownames(s$p.table)[i]), as.list(s$p.table[i, ]))),
    tests = lapply(seq_len(nrow(s$s.table)), function(i) c(list(term = rownames(s$s.table)[i]), as.list(s$s.table[i, ]))),
    logLik = as.numeric(logLik(b)), AIC = AIC(b), r_sq = s$r.sq, smooths = lapply(b$smooth, function(z) list(label = z$label, edf = sum(b$edf[z$first.para:z$last.para])))) }
for (bs in c("tp", "cr", "ps", "bs", "ad", "gp")) add(paste0("mcycle_", bs), "mcycle", sprintf("accel ~ s(times, bs='%s', k=20)", bs))
for (bs in c("tp", "cr", "ps")) add(bs, "sim1", sprintf("y ~ s(x0, bs='%s') + s(x1, bs='%s') + s(x2, bs='%s') + s(x3, bs='%s')", bs, bs, bs, bs))
add("select", "sim1", "y ~ s(x0) + s(x1) + s(x2) + s(x3)", select = TRUE)
add("weights", "sim1", "y ~ s(x0) + s(x1) + s(x2) + s(x3)", weights = "w")
add("parametric", "sim4", "y ~ fac + s(x0, by=fac, bs='cr', k=8) + s(x2, k=8)")
add("by_number", "sim4", "y ~ s(x0) + s(x2, by=x1, k=8)")
add("plate", "sim2", "y ~ s(x, z, k=30)")
add("te", "sim2", "y ~ te(x, z, k=5)")
add("ti", "sim2", "y ~ ti(x, k=6) + ti(z, k=6) + ti(x, z, k=5)")
add("sz", "sim4", "y ~ s(x0, k=8) + s(x0, fac, bs='sz', k=8)")
add("fs", "sleep", "Reaction ~ s(Days, k=5) + s(Days, Subject, bs='fs', k=4, m=1)")
add("cyclic", "not", "temp ~ s(month, bs='cc', k=8) + s(year, k=8)", knots = list(month = c(.5, 12.5)))
add("kriging", "topo", "z ~ s(x, y, bs='gp', k=30)")
add("fixed", "sim1", "y ~ s(x0, fx=TRUE, k=6) + s(x2, sp=0.01)")
save_ref(list(fits = fits), "o21_gcv")
