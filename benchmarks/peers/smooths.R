# Measure one call of mgcv or gamm4 on one workload: Rscript smooths.R PATH REPEATS BUDGET
suppressPackageStartupMessages({
    library(mgcv)
    library(gamm4)
})
arguments <- commandArgs(trailingOnly = TRUE)
spec <- jsonlite::fromJSON(paste0(arguments[1], ".json"))
repeats <- as.integer(arguments[2])
budget <- as.numeric(arguments[3])
classes <- setNames(rep("numeric", length(spec$columns)), spec$columns)
classes[unlist(spec$factors)] <- "factor"
data <- read.csv(paste0(arguments[1], ".csv"), colClasses = classes)

status <- function(name) {
    lines <- readLines("/proc/self/status")
    as.numeric(gsub("[^0-9]", "", lines[startsWith(lines, paste0(name, ":"))])) / 1024
}
invisible(gam(y ~ s(x), data = data.frame(y = sin(1:40), x = 1:40), method = "REML"))
call <- parse(text = spec$call)
invisible(gc())
before <- status("VmRSS")
seconds <- c()
while (length(seconds) == 0 || (length(seconds) < repeats && sum(seconds) < budget)) {
    start <- proc.time()[["elapsed"]]
    fit <- suppressWarnings(suppressMessages(eval(call)))
    seconds <- c(seconds, proc.time()[["elapsed"]] - start)
}
if (is.list(fit) && !is.null(fit$mer)) {
    criterion <- lme4::REMLcrit(fit$mer)
    values <- unname(fitted(fit$mer))
} else {
    criterion <- 2 * as.numeric(fit$gcv.ubre)
    values <- unname(fitted(fit))
}
if (length(seconds) > 1) seconds <- seconds[-1]
versions <- sapply(c("mgcv", "gamm4"), function(name) as.character(packageVersion(name)))
cat(jsonlite::toJSON(list(
    versions = as.list(c(R = as.character(getRversion()), versions)), seconds = I(seconds), median = median(seconds),
    memory_mb = status("VmHWM") - before, criterion = criterion, fitted = I(head(values, 500))
), auto_unbox = TRUE, digits = NA), "\n")
