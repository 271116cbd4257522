# Tables of analysis of variance for data without balance, from R: lmerTest, pbkrtest, car, lme4, stats.
# usage, in a folder with data_csv/ (see ../lme4/export_csv.py): Rscript make_anova.R values.json
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest); library(car); library(jsonlite)})
options(contrasts = c("contr.treatment", "contr.treatment"), warn = 1)

load_data <- function(name, keep, factors) {
  d <- read.csv(file.path("data_csv", paste0(name, ".csv")), check.names = FALSE, stringsAsFactors = FALSE)
  levels <- fromJSON(file.path("data_csv", paste0(name, ".levels.json")), simplifyVector = TRUE)
  for (n in names(levels)) d[[n]] <- factor(as.character(d[[n]]), levels = levels[[n]]$levels)
  for (n in factors) d[[n]] <- factor(d[[n]])
  d <- d[(seq_len(nrow(d)) - 1) %% keep != 0 | keep == 0, ]
  d$w <- 1 + (seq_len(nrow(d)) - 1) %% 3
  droplevels(d)
}
table_of <- function(x) { x <- as.data.frame(x); x$row <- rownames(x); rownames(x) <- NULL; x }
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(maxfun = 200000, rhoend = 1e-10), calc.derivs = FALSE,
                     check.conv.singular = "ignore", check.conv.grad = "ignore")

mixed <- list(
  list(id = "oats", data = "Oats", keep = 7, factors = "nitro", formula = "yield ~ Variety * nitro + (1 | Block/Variety)"),
  list(id = "oats_sum", data = "Oats", keep = 7, factors = "nitro", formula = "yield ~ Variety * nitro + (1 | Block/Variety)",
       contrasts = list(Variety = "contr.sum", nitro = "contr.sum")),
  list(id = "oats_interaction_alone", data = "Oats", keep = 7, factors = "nitro", formula = "yield ~ Variety:nitro + (1 | Block)"),
  list(id = "cake", data = "cake", keep = 4, formula = "angle ~ recipe * temp + (1 | replicate:recipe)"),
  list(id = "cake_factor_slopes", data = "cake", keep = 4, formula = "angle ~ recipe * temp + (1 + recipe | replicate)"),
  list(id = "orthodont", data = "Orthodont", keep = 5, formula = "distance ~ age * Sex + (age | Subject)"),
  list(id = "carrots_income", data = "carrots", keep = 0, formula = "Preference ~ Homesize * Income + sens2 + (1 | Consumer) + (1 | Product)"),
  list(id = "carrots_covariates", data = "carrots", keep = 0, formula = "Preference ~ sens2 * Homesize * sens1 + (1 | Product)"),
  list(id = "carrots_no_intercept", data = "carrots", keep = 0, formula = "Preference ~ 0 + sens2 + Homesize + (1 + sens2 | Consumer)")
)
run_mixed <- function(case) {
  cat(case$id, "\n")
  d <- load_data(case$data, case$keep, case$factors)
  assign("d", d, envir = globalenv())
  m <- do.call(lmerTest::lmer, list(as.formula(case$formula), data = quote(d), control = quote(tight), contrasts = case$contrasts))
  r <- list(id = case$id, data = case$data, keep = case$keep, factors = I(as.character(case$factors)), formula = case$formula,
            contrasts = case$contrasts, n = nobs(m), theta = I(unname(getME(m, "theta"))), criterion = REMLcrit(m))
  small <- nrow(d) < 400
  for (type in c("I", "II", "III")) {
    r[[paste0("anova_", type, "_satterthwaite")]] <- table_of(anova(m, type = type))
    if (small) r[[paste0("anova_", type, "_kr")]] <- table_of(anova(m, type = type, ddf = "Kenward-Roger"))
  }
  r$drop1_satterthwaite <- table_of(drop1(m))
  m4 <- as(m, "lmerMod")
  r$car_II_Chisq <- table_of(car::Anova(m4, type = "II"))
  if (small) r$car_II_F <- table_of(car::Anova(m4, type = "II", test.statistic = "F"))
  r$ranova <- table_of(ranova(m))
  r$ranova_whole <- table_of(ranova(m, reduce.terms = FALSE))
  r$drop1_lrt <- table_of(drop1(refitML(m4), test = "Chisq"))
  r
}

linear <- list(
  list(id = "carrots", data = "carrots", keep = 0, formula = "Preference ~ Homesize * Income + sens2"),
  list(id = "carrots_weighted", data = "carrots", keep = 0, formula = "Preference ~ Homesize * Income + sens2", weights = TRUE),
  list(id = "cake", data = "cake", keep = 4, formula = "angle ~ recipe * temp")
)
run_linear <- function(case) {
  d <- load_data(case$data, case$keep, case$factors)
  f <- as.formula(case$formula)
  d$used <- if (isTRUE(case$weights)) d$w else rep(1, nrow(d))
  assign("d", d, envir = globalenv())
  m <- lm(f, d, weights = used)
  sums <- lm(f, d, weights = used, contrasts = lapply(Filter(is.factor, d[all.vars(f)]), function(x) "contr.sum"))
  list(id = case$id, data = case$data, keep = case$keep, formula = case$formula, weights = if (isTRUE(case$weights)) "w",
       anova_I = table_of(anova(m)), anova_II = table_of(car::Anova(m, type = "II")),
       anova_III = table_of(car::Anova(sums, type = "III")), drop1 = table_of(drop1(m, test = "F")))
}

compared <- local({
  d <- load_data("Orthodont", 0, NULL)
  formulas <- c("distance ~ 1 + (1 | Subject)", "distance ~ age + (1 | Subject)", "distance ~ age * Sex + (1 | Subject)",
                "distance ~ age * Sex + (age | Subject)")
  fits <- lapply(formulas, function(f) lmer(as.formula(f), d, REML = FALSE, control = tight))
  list(data = "Orthodont", formulas = formulas, table = table_of(anova(fits[[1]], fits[[2]], fits[[3]], fits[[4]])))
})

writeLines(toJSON(list(mixed = lapply(mixed, run_mixed), linear = lapply(linear, run_linear), compared = compared),
                  digits = NA, auto_unbox = TRUE, null = "null", na = "null"), commandArgs(TRUE)[1])
