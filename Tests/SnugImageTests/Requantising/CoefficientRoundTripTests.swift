// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Coefficients through both codings and back, read by libjpeg and by the sources of a fit.
@Suite struct CoefficientRoundTripTests {
    private func check(
        _ held: HeldCoefficients, isProgressive: Bool, _ name: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let expected = try held.naturalCoefficients()
        let bytes = try held.file(isProgressive: isProgressive)
        #expect(JPEGReference.coefficients(of: bytes) == expected, "\(name): libjpeg", sourceLocation: sourceLocation)
        let own = try #require(try coefficientSource(bytes), sourceLocation: sourceLocation)
        #expect(own is SequentialSource == !isProgressive, sourceLocation: sourceLocation)
        #expect(try own.naturalCoefficients() == expected, "\(name): own", sourceLocation: sourceLocation)
        #expect(own.steps == held.steps, "\(name): steps", sourceLocation: sourceLocation)
    }

    @Test("Random coefficients come back exactly", arguments: sampleLayouts, [false, true])
    func random(layout: BlockLayout, isProgressive: Bool) throws {
        for seed in UInt64(1)...4 {
            for density in [0.02, 0.2, 0.9] {
                try check(
                    HeldCoefficients.random(layout, seed: seed, density: density), isProgressive: isProgressive,
                    "seed \(seed), density \(density)")
            }
        }
    }

    /// Patterns that take each path of the entropy coders, as functions of block and place.
    private static let patterns: [(name: String, value: @Sendable (Int, Int) -> Int)] = [
        ("nothing at all", { _, _ in 0 }),
        ("DC from end to end", { block, place in place > 0 ? 0 : block.isMultiple(of: 2) ? 1016 : -1016 }),
        ("the last coefficient alone", { _, place in place == 63 ? 1 : 0 }),
        ("a coefficient in one block of fifty", { block, place in place == 5 && block % 50 == 49 ? -7 : 0 }),
        ("the largest AC everywhere", { block, place in place == 0 ? 0 : (block + place) % 2 == 0 ? 1000 : -1000 }),
        ("ones, which only refinement shows", { _, place in place == 0 ? 0 : place.isMultiple(of: 2) ? 1 : -1 }),
        ("ones among larger ones", { block, place in place == 0 ? 3 : [1, 2, -1, 3, -2, 4][(block + place) % 6] }),
        ("runs of sixteen zeros", { _, place in place % 17 == 16 ? 5 : 0 }),
        ("runs of sixteen before ones", { _, place in place % 17 == 16 ? 1 : place == 1 ? 2 : 0 }),
        ("one, then larger ones behind it", { block, place in place == 63 - block % 63 ? 1 : place > 40 ? 2 : 0 }),
        (
            "powers of two and their neighbours",
            { block, place in
                place == 0 ? 0 : (1 << ((block + place) % 10)) - (block % 3)
            }
        ),
        ("only the first band", { _, place in (1...5).contains(place) ? place : 0 }),
        ("only behind the first band", { _, place in place > 5 && place % 9 == 0 ? -place : 0 }),
    ]

    @Test("Every pattern that the coders treat apart comes back exactly", arguments: patterns.indices, [false, true])
    func pattern(index: Int, isProgressive: Bool) throws {
        let (name, value) = Self.patterns[index]
        for layout in sampleLayouts {
            let ones = layout.components.map { _ in [UInt16](repeating: 1, count: 64) }
            let held = HeldCoefficients(layout, steps: ones) { _, block, place in value(block, place) }
            try check(held, isProgressive: isProgressive, name)
        }
    }

    @Test("Ends of bands are joined over more blocks than one code can count")
    func longRuns() throws {
        // An end-of-band run holds 32,767 blocks at most (T.81 G.1.2.2).
        let layout = BlockLayout(width: 8 * 260, height: 8 * 130, sampling: [(1, 1)])
        let ones = [[UInt16](repeating: 1, count: 64)]
        for marked in [32_766, 32_767, 33_799] {
            let rows = (0..<layout.mcusDown).map { _ in BlockRows(layout, capacity: layout.mcusAcross) }
            unsafe rows[marked / 260].withBlocks(component: 0, row: 0) { unsafe $0[marked % 260 * 64 + 20] = 9 }
            let held = HeldCoefficients(layout, steps: ones, rows: rows)
            let bytes = try held.file(isProgressive: true)
            let read = JPEGReference.coefficients(of: bytes)
            #expect(read.count == layout.blockCount * 64 && read.count { $0 != 0 } == 1)
            #expect(read[marked * 64 + ReferenceTransform.zigzag[20]] == 9)
        }
    }

    @Test("Both codings and all instruction sets hold the same image", arguments: sampleLayouts)
    func levels(layout: BlockLayout) throws {
        let held = HeldCoefficients.random(layout, seed: 77)
        let expected = try held.naturalCoefficients()
        for level in KernelLevel.available {
            for isProgressive in [false, true] {
                let bytes = try held.file(isProgressive: isProgressive, level: level)
                #expect(JPEGReference.coefficients(of: bytes) == expected)
            }
        }
    }

    @Test("Without a price for bytes, coarser steps round each value to the nearest", arguments: [1.5, 4, 11])
    func requantised(scale: Double) throws {
        for layout in sampleLayouts {
            let held = HeldCoefficients.random(layout, seed: 5)
            let sourceSteps = try #require(held.steps)
            let steps = StepTables(.fullSize, layout: layout, sourceSteps: sourceSteps).steps(scale: scale)
            let before = try held.naturalCoefficients()
            let after = JPEGReference.coefficients(of: try held.file(isProgressive: false, scale: scale))
            #expect(after.count == before.count)
            var component = 0
            var end = layout.components[0].blocksAcross * layout.components[0].blocksDown * 64
            for index in before.indices {
                while index >= end {
                    component += 1
                    end += layout.components[component].blocksAcross * layout.components[component].blocksDown * 64
                }
                let place = ReferenceTransform.zigzag.firstIndex(of: index % 64) ?? 0
                let value = Double(before[index]) * Double(sourceSteps[component][place])
                let exact = value / Double(steps[component][place])
                #expect(abs(exact - Double(after[index])) <= 0.5 + 1e-3, "\(index)")
            }
        }
    }

    @Test("A price for bytes makes files smaller and never a coefficient larger", arguments: [false, true])
    func priced(isProgressive: Bool) throws {
        let layout = sampleLayouts[2]
        let held = HeldCoefficients.random(layout, seed: 8, density: 0.5)
        var previous = try held.file(isProgressive: isProgressive, scale: 3, lambda: 0)
        let free = JPEGReference.coefficients(of: previous)
        for lambda in [0.5, 2, 8] {
            let priced = try held.file(isProgressive: isProgressive, scale: 3, lambda: lambda)
            #expect(priced.count <= previous.count, "\(lambda)")
            let coefficients = JPEGReference.coefficients(of: priced)
            for (index, (own, other)) in zip(coefficients, free).enumerated() where index % 64 > 0 {
                #expect(abs(own) <= abs(other) && Int(own) * Int(other) >= 0, "\(lambda), \(index)")
            }
            previous = priced
        }
    }
}
