## Markov random field on the Columbus districts: full rank, reduced rank, user penalty, weights, MRF + iid (BYM-like), by-variable
source("scripts/common.R"); suppressPackageStartupMessages({library(lme4); library(gamm4)}); data(columb); data(columb.polys); wcsv(columb, "columb.csv")
nb <- mgcv:::pol2nb(columb.polys)$nb; nbl <- lapply(nb, as.integer); names(nbl) <- names(columb.polys)
writeLines(toJSON(list(names = names(columb.polys), neighbours_by_name = lapply(nbl, function(i) I(names(columb.polys)[i])), polygons = lapply(columb.polys, function(m) unname(m))), digits = NA, na = "null"), "data/columb_polys.json")
xt <- list(polys = columb.polys); nd <- columb[c(1, 7, 20, 33, 49), c("district", "income", "home.value", "x", "y", "open.space")]
sm <- smoothCon(s(district, bs = "mrf", xt = xt), columb, NULL, scale.penalty = FALSE)[[1]]; sk <- smoothCon(s(district, bs = "mrf", k = 20, xt = xt), columb, NULL, scale.penalty = FALSE)[[1]]
sc <- smoothCon(s(district, bs = "mrf", xt = xt), columb, NULL, absorb.cons = TRUE)[[1]]
R <- list(full = gam_ref(gam(crime ~ s(district, bs = "mrf", xt = xt), data = columb, method = "REML", control = TIGHT), nd, "gam(crime ~ s(district,bs='mrf',xt=list(polys=columb.polys)), method='REML')"),
  full_ML = gam_ref(gam(crime ~ s(district, bs = "mrf", xt = xt), data = columb, method = "ML", control = TIGHT), nd),
  k20 = gam_ref(gam(crime ~ s(district, bs = "mrf", k = 20, xt = xt), data = columb, method = "REML", control = TIGHT), nd, "k=20"),
  k20_income = gam_ref(gam(crime ~ s(district, bs = "mrf", k = 20, xt = xt) + s(income), data = columb, method = "REML", control = TIGHT), nd, "gam(crime ~ s(district,bs='mrf',k=20)+s(income))"),
  full_geo = gam_ref(gam(crime ~ income + s(district, bs = "mrf", k = 30, xt = xt) + s(home.value, k = 5), data = columb, method = "REML", control = TIGHT), nd, "gam(crime ~ income + s(district,bs='mrf',k=30)+s(home.value,k=5))"),
  by_numeric = gam_ref(gam(crime ~ s(district, bs = "mrf", k = 15, by = income, xt = xt), data = columb, method = "REML", control = TIGHT), nd, "spatially varying coefficient s(district,bs='mrf',k=15,by=income)"))
ctl <- lmerControl(optimizer = "Nelder_Mead", optCtrl = list(FtolAbs = 1e-13, FtolRel = 1e-16, XtolRel = 1e-11, MinfMax = -1e10, maxfun = 20000))
m4 <- gamm4(crime ~ s(district, bs = "mrf", k = 20, xt = xt), data = columb, control = ctl); R$k20_gamm4 <- gamm4_ref(m4, nd, "gamm4 same as k20")
save_ref(list(title = "MRF, Columbus crime", data = c("data/columb.csv", "data/columb_polys.json"), levels = levels(columb$district),
  S_full = unname(sm$S[[1]]), rank_full = sm$rank, S_scale_full = sc$S.scale, k20 = list(D = diag(sk$S[[1]]), rank = sk$rank, XXt_rows_1_7_20 = unname(tcrossprod(sk$X[c(1,7,20),])), note = "reduced rank basis = last k columns of the natural (Demmler-Reinsch) parametrisation of (X,S): smallest penalty eigenvalues; unit mean square block scaling"), fits = R), "o06_columb_mrf")
