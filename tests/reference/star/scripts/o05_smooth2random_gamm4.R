## smooth2random: the mixed-model form of a smooth, and gamm4 == gam(REML) == gamm/lme on mcycle
source("scripts/common.R"); suppressPackageStartupMessages({library(lme4); library(gamm4); library(nlme)}); data(mcycle, package = "MASS"); wcsv(mcycle, "mcycle.csv")
nd <- data.frame(times = c(3, 8.2, 14.6, 20, 27.5, 35, 50, 57))
ctl <- lmerControl(optimizer = "Nelder_Mead", optCtrl = list(FtolAbs = 1e-13, FtolRel = 1e-16, XtolRel = 1e-11, MinfMax = -1e10, maxfun = 20000))
R <- list()
for (bs in c("cr", "tp", "ps", "cs", "bs")) { spec <- eval(parse(text = sprintf("s(times, k = 12, bs = '%s')", bs)))
  sm <- smoothCon(spec, mcycle, NULL, absorb.cons = TRUE)[[1]]; r2 <- smooth2random(sm, "", type = 2); Z <- r2$rand[[1]]; Xf <- r2$Xf
  f <- as.formula(sprintf("accel ~ s(times, k = 12, bs = '%s')", bs))
  m <- gamm4(f, data = mcycle, control = ctl); mML <- gamm4(f, data = mcycle, REML = FALSE, control = ctl); b <- gam(f, data = mcycle, method = "REML", control = TIGHT); bML <- gam(f, data = mcycle, method = "ML", control = TIGHT); l <- gamm(f, data = mcycle, method = "REML")
  i <- c(1, 20, 60, 100, 133)
  R[[bs]] <- list(S_scale = sm$S.scale, n_random = ncol(Z), n_fixed = ncol(Xf), eigenvalues_S_absorbed = eigen(sm$S[[1]], symmetric = TRUE)$values, rows = i, ZZt_rows = unname(tcrossprod(Z[i, ])), XfXft_rows = unname(tcrossprod(Xf[i, , drop = FALSE])),
    gamm4 = gamm4_ref(m, nd), gamm4_ML = gamm4_ref(mML, nd), gam = gam_ref(b, nd, coef = FALSE), gam_ML_score = as.numeric(bML$gcv.ubre), gam_ML_sp = unname(bML$sp),
    lme_logLik_REML = as.numeric(logLik(l$lme)), lme_sigma = l$lme$sigma, identity_REMLcrit_minus_2score = lme4::REMLcrit(m$mer) - 2*as.numeric(b$gcv.ubre), identity_ML_dev_minus_2score = as.numeric(deviance(mML$mer)) - 2*as.numeric(bML$gcv.ubre),
    identity_lme_minus2logLik_minus_2score = -2*as.numeric(logLik(l$lme)) - 2*as.numeric(b$gcv.ubre))
  cat(bs, "REMLcrit-2*score:", R[[bs]]$identity_REMLcrit_minus_2score, " ML:", R[[bs]]$identity_ML_dev_minus_2score, " lme:", R[[bs]]$identity_lme_minus2logLik_minus_2score, " sd(Xr) vs gam:", lme4::VarCorr(m$mer)[[1]][1]^.5, sqrt(b$reml.scale/b$sp), "\n") }
save_ref(list(title = "smooth2random and the criteria identities", data = "data/mcycle.csv", bases = R), "o05_smooth2random")
