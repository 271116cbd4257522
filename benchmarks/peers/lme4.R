# Measure lme4 on one workload: Rscript lme4.R PATH REPEATS BUDGET
suppressPackageStartupMessages(library(lme4))
arguments <- commandArgs(trailingOnly = TRUE)
path <- arguments[1]
repeats <- as.integer(arguments[2])
budget <- as.numeric(arguments[3])
spec <- jsonlite::fromJSON(paste0(path, ".json"))
classes <- setNames(rep("numeric", length(spec$columns)), spec$columns)
classes[spec$factors] <- "factor"
data <- read.csv(paste0(path, ".csv"), colClasses = classes)

status <- function(name) {
    lines <- readLines("/proc/self/status")
    line <- lines[startsWith(lines, paste0(name, ":"))]
    as.numeric(gsub("[^0-9]", "", line)) / 1024
}
reset <- function() {
    gc()
    tryCatch({
        cat("5", file = "/proc/self/clear_refs")
        status("VmRSS")
    }, error = function(e) NA)
}

reml <- spec$method == "reml"
warm <- lmer(Reaction ~ Days + (Days | Subject), sleepstudy)
formula <- as.formula(spec$formula)
fit <- function() suppressWarnings(suppressMessages(lmer(formula, data, REML = reml)))
if (spec$refits > 0) {
    model <- fit()
    run <- function() {
        suppressWarnings(suppressMessages(bootMer(model, fixef, nsim = spec$refits, seed = 1)))
        model
    }
} else {
    run <- fit
}

before <- reset()
memory <- NA
seconds <- c()
while (length(seconds) < repeats + 1 && (length(seconds) == 0 || sum(seconds) < budget)) {
    start <- proc.time()[["elapsed"]]
    result <- run()
    seconds <- c(seconds, proc.time()[["elapsed"]] - start)
    if (is.na(memory)) memory <- tryCatch(status("VmHWM") - before, error = function(e) NA)
}
if (length(seconds) > 1) seconds <- seconds[-1]
criterion <- if (reml) REMLcrit(result) else -2 * as.numeric(logLik(result))
report <- list(
    versions = list(
        R = as.character(getRversion()), lme4 = as.character(packageVersion("lme4")),
        blas = basename(extSoftVersion()[["BLAS"]])
    ),
    seconds = I(seconds), median = median(seconds), memory_mb = memory, criterion = criterion,
    method = spec$method, converged = length(result@optinfo$conv$lme4$messages) == 0,
    evaluations = result@optinfo$feval
)
cat(jsonlite::toJSON(report, auto_unbox = TRUE, digits = NA), "\n")
