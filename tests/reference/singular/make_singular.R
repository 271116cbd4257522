# Fits whose covariance of random effects has not full rank, from R: lme4, lmerTest (Satterthwaite), pbkrtest (Kenward-Roger).
# usage: Rscript make_singular.R values.json ; data sets of nlme and lme4
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest); library(jsonlite)})
options(contrasts = c("contr.treatment", "contr.treatment"))
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(maxfun = 200000, rhoend = 1e-10), calc.derivs = FALSE, check.conv.singular = "ignore")
oats <- as.data.frame(nlme::Oats)
oats$Block <- factor(as.character(oats$Block)); oats$Variety <- factor(as.character(oats$Variety))
models <- list(
  oats_block = list(yield ~ nitro + (nitro | Block), oats),
  oats_block_and_plot = list(yield ~ nitro + (nitro | Block) + (1 | Block:Variety), oats),
  oats_plot = list(yield ~ nitro + Variety + (nitro | Block:Variety), oats),
  cake = list(angle ~ recipe + temp + (temp | replicate), lme4::cake))
out <- lapply(models, function(x) {
  m <- lmer(x[[1]], x[[2]], control = tight)
  kr <- coef(summary(m, ddf = "Kenward-Roger"))
  list(names = I(rownames(coef(summary(m)))), criterion = REMLcrit(m), satterthwaite = I(unname(coef(summary(m))[, "df"])),
       std_error = I(unname(coef(summary(m))[, "Std. Error"])),
       kr = I(unname(kr[, "df"])), kr_std_error = I(unname(kr[, "Std. Error"])), theta = I(unname(getME(m, "theta")))) })
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, null = "null", pretty = TRUE), commandArgs(TRUE)[1])
