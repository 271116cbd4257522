## Checks of smooth terms: k.check (k', edf, k-index, p-value by 5,000 permutations) and concurvity, full and pairwise.
## Smoothing parameters are given, so that both programs look at the same fit; two fits search for them.
source("scripts/common.R")
g1 <- read.csv("data/gamsim1.csv"); g2 <- read.csv("data/gamsim2.csv"); g4 <- read.csv("data/gamsim4.csv"); mc <- read.csv("data/mcycle.csv")
S <- read.csv("data/sleepstudy.csv"); S$Subject <- factor(S$Subject); g4$fac <- factor(g4$fac); g4$num <- g4$x1 - .5
checked <- function(b) { set.seed(1); k <- k.check(b, n.rep = 5000); f <- concurvity(b); p <- concurvity(b, full = FALSE)
  list(call = paste(deparse(b$formula), collapse = ""), sp = unname(b$sp), score = as.numeric(b$gcv.ubre),
    check = list(term = rownames(k), n_coef = unname(k[, 1]), edf = unname(k[, 2]), k_index = unname(k[, 3]), p_value = unname(k[, 4])),
    full = list(term = colnames(f), worst = unname(f[1, ]), observed = unname(f[2, ]), estimate = unname(f[3, ])), pairs = lapply(p, unname)) }
## The design of concurvity: x3 is nearly a function of x2, and z a sum of smooth functions of the others.
set.seed(3); g1$near <- sin(3 * g1$x2) + 0.02 * rnorm(nrow(g1)); W <- rep_len(c(1, 2, .5), nrow(mc))
cases <- list(
  mcycle = checked(gam(accel ~ s(times, k = 20, bs = "cr", sp = .05), data = mc, method = "REML")),
  too_small = checked(gam(accel ~ s(times, k = 6, bs = "cr", sp = .001), data = mc, method = "REML")),
  weighted = checked(gam(accel ~ s(times, k = 12, bs = "cr", sp = .01), data = mc, weights = W, method = "REML")),
  additive = checked(gam(y ~ s(x0, sp = .1) + s(x1, sp = .2) + s(x2, sp = .003) + s(x3, sp = 5), data = g1, method = "REML")),
  additive_reml = checked(gam(y ~ x3 + s(x0, bs = "cr") + s(x1, bs = "cr") + s(x2, bs = "cr", k = 15), data = g1, method = "REML", control = TIGHT)),
  near = checked(gam(y ~ s(x0, bs = "cr", sp = 1) + s(x2, bs = "cr", sp = .01) + s(near, bs = "cr", sp = .5), data = g1, method = "REML")),
  plane = checked(gam(y ~ s(x, z, k = 30, sp = .01), data = g2, method = "REML")),
  te = checked(gam(y ~ te(x, z, k = 5, sp = c(.1, 1)), data = g2, method = "REML")),
  te_ps = checked(gam(y ~ te(x, z, k = 6, bs = "ps", sp = c(.1, 1)), data = g2, method = "REML")),
  ti = checked(gam(y ~ s(x, bs = "cr", sp = .1) + s(z, bs = "cr", sp = .1) + ti(x, z, k = 4, sp = c(.1, 1)), data = g2, method = "REML")),
  by_factor = checked(gam(y ~ fac + s(x2, by = fac, bs = "cr", sp = .1) + s(x0, bs = "cr", sp = 1), data = g4, method = "REML")),
  by_number = checked(gam(y ~ s(x2, by = num, bs = "cr", sp = .1) + s(x0, bs = "cr", sp = 1), data = g4, method = "REML")),
  random = checked(gam(Reaction ~ s(Days, bs = "cr", k = 6, sp = 2) + s(Subject, bs = "re", sp = .5), data = S, method = "REML")),
  fs = checked(gam(Reaction ~ s(Days, bs = "cr", k = 6, sp = 2) + s(Days, Subject, bs = "fs", k = 5, sp = c(1, 1, 1)), data = S, method = "REML")))
save_ref(list(title = "checks of smooth terms", data = c("mcycle", "gamsim1", "gamsim2", "gamsim4", "sleepstudy"), near = g1$near, weights = W, cases = cases), "o20_checks")
