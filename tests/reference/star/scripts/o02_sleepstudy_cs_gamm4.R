## The document's example: gamm4(Reaction ~ s(Days, bs='cs'), random = ~(1|Subject)).  Printed there: REML 1795.3; sd Subject 37.123, s(Days) 2.111, residual 30.997
source("scripts/common.R"); suppressPackageStartupMessages({library(lme4); library(gamm4)})
wcsv(data.frame(sleepstudy), "sleepstudy.csv")
m0 <- gamm4(Reaction ~ s(Days, bs = "cs"), random = ~(1|Subject), data = sleepstudy)
ctl <- lmerControl(optimizer = "Nelder_Mead", optCtrl = list(FtolAbs = 1e-13, FtolRel = 1e-16, XtolRel = 1e-11, MinfMax = -1e10, maxfun = 20000))
m1 <- gamm4(Reaction ~ s(Days, bs = "cs"), random = ~(1|Subject), data = sleepstudy, control = ctl)
mML <- gamm4(Reaction ~ s(Days, bs = "cs"), random = ~(1|Subject), data = sleepstudy, REML = FALSE, control = ctl)
b <- gam(Reaction ~ s(Days, bs = "cs") + s(Subject, bs = "re"), data = sleepstudy, method = "REML", control = TIGHT)
nd <- data.frame(Days = c(0,1,2.5,4,5.5,7,9), Subject = factor("308", levels = levels(sleepstudy$Subject)))
s0 <- smoothCon(s(Days, bs = "cs"), sleepstudy, NULL, scale.penalty = FALSE)[[1]]; s1 <- smoothCon(s(Days, bs = "cs"), sleepstudy, NULL)[[1]]
scr <- smoothCon(s(Days, bs = "cr"), sleepstudy, NULL, scale.penalty = FALSE)[[1]]; ev <- eigen(scr$S[[1]], symmetric = TRUE)
old <- mean(abs(s0$S[[1]]))/mean(abs(crossprod(s0$X)))
invisible(capture.output(vc <- gam.vcomp(b))); sdraw <- unname(vc["s(Days)", "std.dev"])
## sensitivity: the two null-space eigenvectors of the cr penalty are only defined up to a rotation
X <- s0$X; Zs <- model.matrix(~Subject-1, sleepstudy); k <- 10; one <- rep(1,k)/sqrt(k); vA <- (0:9)/sqrt(sum((0:9)^2)); vB <- one - sum(one*vA)*vA; vB <- vB/sqrt(sum(vB^2))
q <- qr.Q(qr(matrix(colMeans(X))), complete = TRUE)[,-1]
rot <- lapply(list(A_then_B = 0, B_then_A = 90, deg45 = 45), function(a) { th <- a*pi/180; u1 <- cos(th)*vA+sin(th)*vB; u2 <- -sin(th)*vA+cos(th)*vB
  S <- ev$vectors[,1:8] %*% (ev$values[1:8]*t(ev$vectors[,1:8])) + ev$values[8]*.1*tcrossprod(u1) + ev$values[8]*.01*tcrossprod(u2)
  Xa <<- X %*% q; Sa <<- t(q) %*% S %*% q; PP <<- list(Xa = list(Sa), Zs = list(diag(18)))
  f <- gam(Reaction ~ Xa + Zs, paraPen = PP, data = list(Reaction = sleepstudy$Reaction, Xa = Xa, Zs = Zs), method = "REML", control = TIGHT)
  list(REMLcrit = 2*as.numeric(f$gcv.ubre), sd_days_raw_S = unname(sqrt(f$reml.scale/f$sp[1])), sd_subject = unname(sqrt(f$reml.scale/f$sp[2])), sd_resid = sqrt(f$reml.scale)) })
print(unlist(rot)); cat("old-scale sd", sdraw/sqrt(old), "\n")
save_ref(list(title = "sleepstudy s(Days,bs=cs) + (1|Subject)", data = "data/sleepstudy.csv", document_prints = list(REMLcrit = 1795.3, sd_subject = 37.123, sd_days = 2.111, sd_residual = 30.997),
  gamm4_default_optimizer = gamm4_ref(m0, nd, "gamm4(Reaction ~ s(Days,bs='cs'), random=~(1|Subject))"), gamm4_tight = gamm4_ref(m1, nd), gamm4_ML_tight = gamm4_ref(mML, nd),
  gam = gam_ref(b, nd, "gam(Reaction ~ s(Days,bs='cs')+s(Subject,bs='re'), method='REML')"), gam_terms_newdata_note = "gam terms at Subject 308; gamm4 predictions exclude the Subject effect",
  S_cs_raw = unname(s0$S[[1]]), S_cr_raw = unname(scr$S[[1]]), knots = unname(s0$xp), cr_eigenvalues = ev$values, null_eigenvector_9 = ev$vectors[,9], null_eigenvector_10 = ev$vectors[,10],
  scalings = list(S_scale_mgcv_1.8.41 = s1$S.scale, S_scale_older_mgcv_mean_abs = old, sd_days_raw_S = unname(sdraw), sd_days_mgcv_1.8.41_scaling = unname(sdraw/sqrt(s1$S.scale)), sd_days_older_scaling_as_in_document = unname(sdraw/sqrt(old))),
  null_rotation_sensitivity = rot), "o02_sleepstudy_cs")
