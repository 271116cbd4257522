## Whole fits with gam(select = TRUE): every term gets a penalty on its null space.
## Run in tests/reference/star:  Rscript scripts/o19_select.R
source("scripts/common.R")
sim1 <- read.csv("data/gamsim1.csv"); sim2 <- read.csv("data/gamsim2.csv"); sim4 <- read.csv("data/gamsim4.csv"); sim4$fac <- factor(sim4$fac)
not <- read.csv("data/nottem.csv"); edge <- read.csv("data/edge.csv"); sleep <- read.csv("data/sleepstudy.csv"); sleep$Subject <- factor(sleep$Subject)
one <- function(call, data, method = "REML", knots = NULL) {
  described(gam(as.formula(call), data = data, method = method, select = TRUE, control = TIGHT, knots = knots), call) }
described <- function(b, call) {
  list(formula = call, method = b$method, score = as.numeric(b$gcv.ubre), sp = as.list(b$sp), edf_total = sum(b$edf), sig2 = b$sig2,
       gradient = max(abs(b$outer.info$grad)), fit = as.numeric(fitted(b))[1:20],
       smooths = lapply(b$smooth, function(z) list(label = z$label, edf = sum(b$edf[z$first.para:z$last.para]), n_penalties = length(z$S)))) }
fits <- list()
add <- function(key, data, ...) fits[[key]] <<- c(list(data = data), one(..., data = get(data)))
## cs and t2 are left out: their null functions depend on the library of linear algebra.
for (bs in c("tp", "cr", "ps", "bs", "ts")) add(bs, "sim1", sprintf("y ~ s(x0, bs='%s') + s(x1, bs='%s') + s(x2, bs='%s') + s(x3, bs='%s')", bs, bs, bs, bs))
add("tp_ml", "sim1", "y ~ s(x0) + s(x1) + s(x2) + s(x3)", "ML")
add("gp", "sim1", "y ~ s(x0, bs='gp') + s(x1, bs='gp') + s(x2, bs='gp', m=c(3,.3))")
add("ds", "sim2", "y ~ s(x, z, bs='ds', k=25)")
add("plate", "sim2", "y ~ s(x, z, k=30)")
add("te", "sim2", "y ~ te(x, z, k=5)")
add("te_ps", "sim2", "y ~ te(x, z, k=5, bs='ps')")
add("ti", "sim2", "y ~ ti(x, k=6) + ti(z, k=6) + ti(x, z, k=5)")
## Nothing is left of the null space of s(x, z), but mgcv keeps its penalty, a matrix of rounding (1e-32), as a parameter that
## forces one arbitrary direction to zero.  It is taken out here.
nested <- "y ~ s(x) + s(z) + s(x, z, k=25)"
G <- gam(as.formula(nested), data = sim2, method = "REML", select = TRUE, fit = FALSE, control = TIGHT)
stopifnot(max(abs(G$S[[6]])) < 1e-25)
for (name in c("S", "off", "rank", "sp")) G[[name]] <- G[[name]][-6]
G$lsp0 <- G$lsp0[-6]; G$smooth[[3]]$S <- G$smooth[[3]]$S[1]; G$smooth[[3]]$rank <- G$smooth[[3]]$rank[1]; G$smooth[[3]]$S.scale <- G$smooth[[3]]$S.scale[1]; G$smooth[[3]]$sp <- -1
b <- gam(G = G, method = "REML", control = TIGHT)
fits$nested <- c(list(data = "sim2"), described(b, nested))
add("nested_te", "sim2", "y ~ s(x, bs='cr', k=6) + te(x, z, k=5)")
add("by", "sim4", "y ~ fac + s(x0, by=fac, bs='cr', k=8) + s(x2, by=x1, k=8)")
add("sz", "sim4", "y ~ s(x0, k=8) + s(x0, fac, bs='sz', k=8)")
add("fs", "sleep", "Reaction ~ s(Days, k=5) + s(Days, Subject, bs='fs', k=4, m=1)")
add("cyclic", "not", "temp ~ s(month, bs='cc', k=8) + s(year, k=8)", knots = list(month = c(.5, 12.5)))
save_ref(list(fits = fits), "o19_select")
