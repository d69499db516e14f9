// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Quantisation steps by scale, against the properties that they are made for.
@Suite struct StepTablesTests {
    private static let layouts = sampleLayouts.prefix(6)

    private func tables(
        _ layout: BlockLayout, _ shape: StepShape = .fullSize, sourceSteps: [[UInt16]]? = nil
    ) -> StepTables {
        StepTables(shape, layout: layout, sourceSteps: sourceSteps)
    }

    @Test("Steps stay within a byte and grow with the scale", arguments: layouts)
    func range(layout: BlockLayout) {
        for shape in [StepShape.fullSize, .reduced] {
            let tables = tables(layout, shape)
            var previous = tables.steps(scale: 0.01)
            #expect(previous.allSatisfy { $0 == [UInt16](repeating: 1, count: 64) })
            for scale in [0.4, 0.9, 2, 5, 13, 40, 400, 1e6] {
                let steps = tables.steps(scale: scale)
                for (own, finer) in zip(steps.joined(), previous.joined()) { #expect((finer...255).contains(own)) }
                previous = steps
            }
            #expect(previous.allSatisfy { $0 == [UInt16](repeating: 255, count: 64) })
        }
    }

    @Test("Steps are never finer than the source's", arguments: layouts, UInt64(1)...3)
    func source(layout: BlockLayout, seed: UInt64) throws {
        let sourceSteps = try #require(HeldCoefficients.random(layout, seed: seed).steps)
        let tables = tables(layout, sourceSteps: sourceSteps)
        for scale in [0.1, 1, 3, 9, 30] {
            let free = self.tables(layout).steps(scale: scale)
            for (component, steps) in tables.steps(scale: scale).enumerated() {
                for place in 0..<64 {
                    #expect(steps[place] == max(sourceSteps[component][place], free[component][place]))
                }
            }
        }
    }

    @Test("The finest scale is the last that keeps all steps of the source", arguments: layouts, UInt64(1)...3)
    func finest(layout: BlockLayout, seed: UInt64) throws {
        let sourceSteps = try #require(HeldCoefficients.random(layout, seed: seed).steps)
        let tables = tables(layout, sourceSteps: sourceSteps)
        #expect(tables.steps(scale: tables.finestScale) == sourceSteps)
        #expect(tables.steps(scale: tables.finestScale * 0.5) == sourceSteps)
        #expect(tables.steps(scale: tables.finestScale * 1.01) != sourceSteps)
    }

    @Test("Without a source the finest scale is the last whose steps are all one")
    func finestOfPixels() {
        for layout in Self.layouts {
            let tables = tables(layout)
            #expect(tables.steps(scale: tables.finestScale).allSatisfy { $0.allSatisfy { $0 == 1 } })
            #expect(!tables.steps(scale: tables.finestScale * 1.01).allSatisfy { $0.allSatisfy { $0 == 1 } })
            #expect(tables.steps(scale: tables.coarsestScale).allSatisfy { $0.allSatisfy { $0 == 255 } })
            #expect(!tables.steps(scale: tables.coarsestScale * 0.99).allSatisfy { $0.allSatisfy { $0 == 255 } })
        }
    }

    @Test("A quality is told from libjpeg's own table of it", arguments: 1...100)
    func quality(quality: Int) {
        let table = JPEGReference.table(quality: quality, isChroma: false)
        let sum = table.reduce(0) { $0 + Double($1) }
        let told = StepTables.quality(of: table)
        // Tables at the ends of the range are all 255 or all 1 over several qualities: then one of those is told.
        let others = (1...100).filter {
            abs(JPEGReference.table(quality: $0, isChroma: false).reduce(0) { $0 + Double($1) } - sum) < 0.5
        }
        let nearest = others.map { abs(Double($0) - told) }.min() ?? .infinity
        #expect(nearest <= 0.7, "\(told)")
    }

    @Test("Coarser tables have lower qualities, whatever their shape")
    func order() {
        let tables = tables(sampleLayouts[2])
        var previous = 100.1
        for scale in stride(from: 0.5, through: 60, by: 1.5) {
            let quality = StepTables.quality(of: tables.steps(scale: scale)[0])
            #expect(quality <= previous && (1...100).contains(quality))
            previous = quality
        }
    }

    @Test("The scale of a quality has steps as coarse as libjpeg's on average", arguments: [10, 30, 50, 70, 85, 95])
    func scaleOfQuality(quality: Int) {
        let tables = tables(sampleLayouts[1])
        let own = tables.steps(scale: tables.scale(quality: quality))[0].reduce(0) { $0 + Double($1) }
        let standard = JPEGReference.table(quality: quality, isChroma: false).reduce(0) { $0 + Double($1) }
        // Steps are rounded, and at low qualities cut at 255.
        #expect(abs(own / standard - 1) < 0.12, "\(own) and \(standard)")
    }

    @Test("Equal frequencies have equal steps: shapes are round, and chroma's frequencies count by what it covers")
    func round() {
        let square = tables(sampleLayouts[1]).steps(scale: 6)
        for component in square {
            let natural = ReferenceTransform.natural(component)
            for v in 0..<8 { for u in 0..<8 { #expect(natural[v * 8 + u] == natural[u * 8 + v]) } }
        }
        // Chroma of half the columns: its u-th frequency is luma's (u / 2)-th, so that its rows have finer steps.
        let wide = ReferenceTransform.natural(tables(sampleLayouts[3]).steps(scale: 6)[1])
        for u in 1..<4 { #expect(wide[u * 2] == wide[u * 8]) }
        // Chroma of half both: finer than at full resolution, place by place.
        let half = ReferenceTransform.natural(tables(sampleLayouts[2]).steps(scale: 6)[1])
        let full = ReferenceTransform.natural(square[1])
        for v in 0..<4 { for u in 0..<4 { #expect(half[(2 * v) * 8 + 2 * u] == full[v * 8 + u]) } }
    }

    @Test("The order of coefficients in a file is the standard's")
    func zigzag() { #expect(Zigzag.naturalIndices == ReferenceTransform.zigzag) }
}
