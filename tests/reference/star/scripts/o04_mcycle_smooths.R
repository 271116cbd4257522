## One smooth, every basis, REML / ML / GCV.  MASS::mcycle
source("scripts/common.R"); data(mcycle, package = "MASS"); wcsv(mcycle, "mcycle.csv")
nd <- data.frame(times = c(3, 8.2, 14.6, 20, 27.5, 35, 50, 57))
sp <- list(cr20 = quote(s(times, k = 20, bs = "cr")), tp20 = quote(s(times, k = 20)), ps20 = quote(s(times, k = 20, bs = "ps")), bs20 = quote(s(times, k = 20, bs = "bs")), cs20 = quote(s(times, k = 20, bs = "cs")), ts20 = quote(s(times, k = 20, bs = "ts")),
  tp20_m1 = quote(s(times, k = 20, m = 1)), gp20 = quote(s(times, k = 20, bs = "gp")), gp20_exp = quote(s(times, k = 20, bs = "gp", m = c(2, 10))), cr20_select = quote(s(times, k = 20, bs = "cr")))
R <- list()
for (nm in names(sp)) { f <- as.formula(paste("accel ~", deparse(sp[[nm]])))
  for (me in if (nm %in% c("cr20","tp20")) c("REML","ML","GCV.Cp") else "REML")
    R[[paste(nm, me, sep = "_")]] <- gam_ref(gam(f, data = mcycle, method = me, select = nm == "cr20_select", control = TIGHT), nd, paste0("gam(", deparse(f), ", method='", me, "'", if (nm == "cr20_select") ", select=TRUE", ")")) }
## fixed smoothing parameter (no estimation): isolates basis+penalty+edf+covariance from optimisation
b <- gam(accel ~ s(times, k = 20, bs = "cr", sp = 0.05), data = mcycle, method = "REML"); R$cr20_fixed_sp_0.05 <- gam_ref(b, nd, "gam(accel~s(times,k=20,bs='cr',sp=0.05), method='REML')")
## weights
w <- rep(c(1, 2, .5), length = nrow(mcycle)); R$cr20_REML_weights <- gam_ref(gam(accel ~ s(times, k = 20, bs = "cr"), weights = w, data = mcycle, method = "REML", control = TIGHT), nd, "same as cr20_REML with weights=rep(c(1,2,.5),length=133)")
## REML criterion on a grid of log smoothing parameters (cr20), at fixed sp, scale profiled
g <- c(-6, -4, -2, 0, 2, 4); R$cr20_profile <- list(log_sp = g, REML = sapply(g, function(l) { b <- gam(accel ~ s(times, k = 20, bs = "cr"), sp = exp(l), data = mcycle, method = "REML"); as.numeric(b$gcv.ubre) }),
   ML = sapply(g, function(l) as.numeric(gam(accel ~ s(times, k = 20, bs = "cr"), sp = exp(l), data = mcycle, method = "ML")$gcv.ubre)), GCV = sapply(g, function(l) as.numeric(gam(accel ~ s(times, k = 20, bs = "cr"), sp = exp(l), data = mcycle, method = "GCV.Cp")$gcv.ubre)),
   edf = sapply(g, function(l) sum(gam(accel ~ s(times, k = 20, bs = "cr"), sp = exp(l), data = mcycle, method = "REML")$edf)))
save_ref(list(title = "mcycle, one smooth, many bases and criteria", data = "data/mcycle.csv", fits = R), "o04_mcycle_smooths")
