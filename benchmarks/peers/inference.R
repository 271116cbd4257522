# Measure tests and intervals of lme4, lmerTest and pbkrtest on one task: Rscript inference.R PATH
suppressPackageStartupMessages({
    library(lme4)
    library(lmerTest)
})
path <- commandArgs(trailingOnly = TRUE)[1]
spec <- jsonlite::fromJSON(paste0(path, ".json"))
classes <- setNames(rep("factor", length(spec$columns)), spec$columns)
classes[spec$numeric] <- "numeric"
data <- read.csv(paste0(path, ".csv"), colClasses = classes)
quietly <- function(x) suppressWarnings(suppressMessages(x))

coefficients_by <- function(model, ddf) {
    table <- coef(summary(model, ddf = ddf))
    c(table[, "df"], table[, "Std. Error"])
}
anova_by <- function(model, ddf) {
    table <- anova(model, ddf = ddf)
    c(table[["DenDF"]], table[["F value"]])
}
# Satterthwaite needs the derivatives that lmerTest takes when it makes its model, Kenward-Roger does not.
tested <- function(model) quietly(as_lmerModLmerTest(model))
tasks <- list(
    "satterthwaite" = function(fit) coefficients_by(tested(fit), "Satterthwaite"),
    "kenward-roger" = function(fit) coefficients_by(fit, "Kenward-Roger"),
    "anova satterthwaite" = function(fit) anova_by(tested(fit), "Satterthwaite"),
    "anova kenward-roger" = function(fit) anova_by(fit, "Kenward-Roger"),
    "profile" = function(fit) {
        ends <- quietly(confint(profile(fit, signames = FALSE), level = 0.95))
        c(t(ends[c(1, 3, 2, 4:nrow(ends)), ])) # lme4 has the correlation second
    },
    "bootstrap" = function(fit) {
        refits <- quietly(bootMer(fit, function(model) c(fixef(model), sigma(model)), nsim = spec$refits, seed = 1))
        apply(refits$t, 2, sd)
    }
)
run <- tasks[[spec$task]]
make <- function(formula, data) {
    fit <- quietly(lme4::lmer(as.formula(formula), data, REML = spec$method == "reml"))
    if (grepl("kenward", spec$task)) tested(fit) else fit
}
if (spec$task != "bootstrap") {
    warm <- make("Reaction ~ Days + (Days | Subject)", sleepstudy)
    invisible(run(warm))
}
fit <- make(spec$formula, data)
seconds <- c()
while (length(seconds) == 0 || (length(seconds) < 15 && sum(seconds) < 10)) {
    start <- proc.time()[["elapsed"]]
    numbers <- run(fit)
    seconds <- c(seconds, proc.time()[["elapsed"]] - start)
}
peak <- tryCatch({
    lines <- readLines("/proc/self/status")
    as.numeric(gsub("[^0-9]", "", lines[startsWith(lines, "VmHWM:")])) * 1024 / 1e9
}, error = function(e) NA)
versions <- sapply(c("lme4", "lmerTest", "pbkrtest"), function(name) as.character(packageVersion(name)))
cat(jsonlite::toJSON(list(
    versions = as.list(c(R = as.character(getRversion()), versions)), seconds = I(seconds), median = median(seconds),
    peak_gb = peak, numbers = I(unname(numbers))
), auto_unbox = TRUE, digits = NA), "\n")
