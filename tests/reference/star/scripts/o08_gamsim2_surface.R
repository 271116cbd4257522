## Two-dimensional smooths: tp, te, ti, t2, ds, gp on gamSim(2)
source("scripts/common.R"); suppressPackageStartupMessages({library(lme4); library(gamm4)}); set.seed(11, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection"); dat <- gamSim(2, n = 200, scale = .1, verbose = FALSE)$data; wcsv(dat, "gamsim2.csv")
nd <- data.frame(x = c(.1,.2,.5,.7,.95), z = c(.9,.3,.5,.8,.05)); d <- dat[c("x","z")]
B <- list(tp = basis_ref(s(x, z, k = 12), d, nd), te_cr = basis_ref(te(x, z, k = c(4, 5)), d, nd), te_tp_np = basis_ref(te(x, z, k = c(5, 4), bs = "tp"), d, nd), te_ps_np = basis_ref(te(x, z, k = c(6, 5), bs = "ps"), d, nd), te_tp_nonp = basis_ref(te(x, z, k = c(5, 4), bs = "tp", np = FALSE), d, nd),
  ti_cr = basis_ref(ti(x, z, k = c(4, 5)), d, nd), t2_cr = basis_ref(t2(x, z, k = c(4, 5)), d, nd), t2_full = basis_ref(t2(x, z, k = c(4, 4), full = TRUE), d, nd), gp = basis_ref(s(x, z, bs = "gp", k = 15, m = c(3, .3)), d, nd))
fit <- function(rhs, ...) { f <- as.formula(paste("y ~", rhs)); gam_ref(gam(f, data = dat, method = "REML", control = TIGHT, ...), nd, paste0("gam(y ~ ", rhs, ", method='REML')"), coef = FALSE) }
R <- list(tp30 = fit("s(x, z, k = 30)"), te5 = fit("te(x, z, k = 5)"), te_tp = fit("te(x, z, bs = 'tp', k = 5)"), te_ps = fit("te(x, z, bs = 'ps', k = 6)"), te_nonp = fit("te(x, z, bs = 'tp', k = 5, np = FALSE)"), anova_ti = fit("s(x, k = 6, bs='cr') + s(z, k = 6, bs='cr') + ti(x, z, k = 4)"), ti_all = fit("ti(x, k = 6) + ti(z, k = 6) + ti(x, z, k = 4)"),
  s_plus_s2 = fit("s(x) + s(z) + s(x, z, k = 20)"), t2 = fit("t2(x, z, k = 5)"), t2_full = fit("t2(x, z, k = 5, full = TRUE)"), gp = fit("s(x, z, bs = 'gp', k = 30, m = c(3, .3))"), ds = fit("s(x, z, bs = 'ds', k = 30, m = c(1, .5))"), te_dslope = fit("te(x, z, k = 5, fx = FALSE, m = 1, bs = 'ps')"))
ctl <- lmerControl(optimizer = "nloptwrap", optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12, ftol_rel = 1e-15, maxeval = 20000))
m <- gamm4(y ~ t2(x, z, k = 5), data = dat, control = ctl); R$t2_gamm4 <- gamm4_ref(m, nd, "gamm4(y ~ t2(x,z,k=5))")
cat("t2 gamm4 REMLcrit", lme4::REMLcrit(m$mer), " 2*gam", 2*R$t2$score, "\n")
l <- gamm(y ~ te(x, z, k = 5), data = dat, method = "REML"); R$te_gamm_lme <- list(logLik_REML = as.numeric(logLik(l$lme)), minus_gam_te_score = -R$te5$score, sp = L(l$gam$sp), note = "gamm uses pdTens; same scaled penalties, so sp and the REML log likelihood agree with gam(te)")
save_ref(list(title = "surfaces", data = "data/gamsim2.csv", bases = B, fits = R), "o08_gamsim2_surface")
