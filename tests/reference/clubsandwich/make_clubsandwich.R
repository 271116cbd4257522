# Cluster-robust covariances of linear mixed models, with degrees of freedom, from R: lme4, clubSandwich.
# usage: Rscript make_clubsandwich.R values.json
suppressMessages({library(lme4); library(clubSandwich); library(jsonlite)})
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(maxfun = 200000, rhoend = 1e-10), calc.derivs = FALSE)
plain <- function(x) { x <- as.matrix(x); attributes(x) <- list(dim = dim(x)); x }
cases <- list()
case <- function(id, m, joint) {
  results <- lapply(c("CR0", "CR1", "CR2"), function(type) {
    V <- vcovCR(m, type = type)
    rows <- as.data.frame(coef_test(m, vcov = V, test = "Satterthwaite"))
    wald <- as.data.frame(Wald_test(m, constraints = constrain_zero(joint), vcov = V, test = "HTZ"))
    list(kind = type, vcov = plain(V), std_error = rows$SE, df = rows$df_Satt, p_value = rows$p_Satt,
         f_value = wald$Fstat, num_df = wald$df_num, den_df = wald$df_denom, joint_p_value = wald$p_val) })
  cases[[id]] <<- list(theta = I(unname(getME(m, "theta"))), theta_names = I(names(getME(m, "theta"))),
                       joint = I(joint), results = results)
}
sleep <- subset(sleepstudy, !(Subject == 308 & Days > 5) & !(Subject == 370 & Days < 4))
case("sleepstudy", lmer(Reaction ~ Days + I(Days^2) + (Days | Subject), sleep, control = tight), 2:3)
teeth <- as.data.frame(nlme::Orthodont)[-c(1, 2, 30, 77), ]
teeth$Subject <- factor(as.character(teeth$Subject))
case("orthodont", lmer(distance ~ age * Sex + (1 | Subject), teeth, control = tight), 3:4)
oxide <- as.data.frame(nlme::Oxide)[-c(1:4, 20), ]
case("oxide", lmer(Thickness ~ Source + Site + (1 | Lot/Wafer), oxide, control = tight), 2:4)
case("ml", lmer(distance ~ age + Sex + (1 | Subject), teeth, REML = FALSE, control = tight), 2:3)
writeLines(toJSON(cases, digits = NA, auto_unbox = TRUE, matrix = "rowmajor", pretty = TRUE), commandArgs(TRUE)[1])
