// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugPipeline
import Testing

@testable import snug

@Suite struct GenerationProgressTests {
    private func text(_ progress: inout GenerationProgress, _ seconds: Double) -> String {
        String(progress.text(elapsed: .seconds(seconds)) { "title of \($0)" }.dropFirst(2))
    }

    @Test("One prompt: its phase, for how long, and what it is")
    func single() {
        var progress = GenerationProgress(total: 1)
        progress.began("a", at: .zero)
        #expect(text(&progress, 0.1) == "preparing  title of a")
        progress.moved("a", to: "submitting", at: .seconds(1))
        #expect(text(&progress, 4.5) == "submitting 3 s  title of a")
        // The same phase with other words goes on.
        progress.moved("a", to: "submitting, attempt 2", at: .seconds(5))
        #expect(text(&progress, 6) == "submitting, attempt 2 5 s  title of a")
        progress.moved("a", to: "waiting 12 s after rate_limited", at: .seconds(7))
        #expect(text(&progress, 9) == "waiting 12 s after rate_limited  title of a")
    }

    @Test("A batch: how many are done, and what the others are at")
    func batch() {
        var progress = GenerationProgress(total: 5)
        for name in ["a", "b", "c"] { progress.began(name, at: .zero) }
        for name in ["a", "b"] { progress.moved(name, to: "polling", at: .zero) }
        progress.moved("c", to: "downloading 45%", at: .zero)
        #expect(text(&progress, 1) == "0/5  2 polling  1 downloading  0:01")
        progress.ended("a", isDone: true)
        progress.ended("c", isDone: false)
        #expect(text(&progress, 65) == "2/5  1 failed  1 polling  1:05")
    }

    @Test(
        "Durations for people",
        arguments: [
            (0.0, "<0.1 s"), (0.42, "0.4 s"), (9.96, "10 s"), (42, "42 s"), (200, "3 min 20 s"), (120, "2 min"),
        ])
    func durations(seconds: Double, words: String) { #expect(Duration.seconds(seconds).words == words) }
}
