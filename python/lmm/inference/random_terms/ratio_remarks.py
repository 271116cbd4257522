"""What notes say about the p-values of likelihood ratios of variances."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lmm.inference.random_terms.exact_tests import ExactTest

__all__ = ["ExactRemarks", "MixtureRemarks"]


@dataclass(slots=True)
class MixtureRemarks:
    """Which mixture of χ² belongs to which term, and where another variance is zero besides."""

    mixtures: dict[str, list[str]] = field(default_factory=dict)
    on_boundary: list[str] = field(default_factory=list)

    def add(self, label: str, mixture: str, singular: bool) -> None:
        """Take the mixture of one term, and whether the fit without it is singular."""
        self.mixtures.setdefault(mixture, []).append(label)
        if singular:
            self.on_boundary.append(label)

    def sentences(self) -> list[str]:
        """Write the notes of the table."""
        notes = [f"p_value: {kind} for {', '.join(labels)}." for kind, labels in self.mixtures.items()]
        if self.on_boundary:
            notes.append(
                f"Without {' or '.join(self.on_boundary)} another variance is zero, or a correlation perfect, which "
                "makes the mixture approximate: lmm.bootstrap_test needs none."
            )
        return notes


@dataclass(slots=True)
class ExactRemarks:
    """How exact the p-values are, for which terms other variances are held, and where there is no test."""

    n_draws: int
    errors: list[float] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)

    def add(self, label: str, test: ExactTest) -> None:
        """Take the test of one term."""
        if test.missing:
            self.missing.setdefault(test.missing, []).append(label)
            return
        self.errors.append(test.error)
        if test.held:
            self.held.append(label)

    def sentences(self) -> list[str]:
        """Write the notes of the table."""
        notes = []
        if self.errors:
            notes.append(
                f"p_value: {self.n_draws:,} draws from the distribution under the hypothesis (Crainiceanu and Ruppert "
                f"2004); its standard error is at most {np.max(self.errors):.2g}."
            )
        if self.held:
            notes.append(
                f"Approximate for {', '.join(self.held)}: other variances are held at their estimates without the term "
                "(after Greven et al. 2008)."
            )
        for why, labels in self.missing.items():
            notes.append(
                f"Missing for {', '.join(labels)}: the exact test is for one variance, and this leaves out {why}; "
                "lmm.bootstrap_test simulates."
            )
        return notes
