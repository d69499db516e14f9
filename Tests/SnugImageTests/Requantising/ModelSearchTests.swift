// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugImage

/// The search for steps and λ, whose predictions are compared with files that are written.
@Suite struct ModelSearchTests {
    private struct Subject {
        let source: any CoefficientSource
        let tables: StepTables
        let evaluator: RateEvaluator

        init(isProgressive: Bool = false, grain: Int = 14) throws {
            let bytes = try DrawnImage.jpeg(
                DrawnImage.scene(width: 220, height: 160, grain: grain), quality: 95, subsamples: false)
            source = try #require(try coefficientSource(bytes))
            tables = StepTables(.fullSize, layout: source.layout, sourceSteps: source.steps)
            evaluator = try RateEvaluator(
                source.wholeSample(), stepTables: tables, isProgressive: isProgressive, segments: [],
                cancellation: CancellationFlag())
        }

        func bytes(_ model: RateModel) throws -> Double { try evaluator.estimate(model).bytes }

        func search(_ scales: ClosedRange<Double>? = nil) -> ModelSearch {
            ModelSearch(
                evaluator, scales: scales ?? tables.finestScale...tables.coarsestScale, isGreedy: false)
        }
    }

    @Test(
        "The model that is found takes the bytes that were aimed at, in the file too", arguments: [false, true],
        [0.25, 0.4, 0.6, 0.85])
    func found(isProgressive: Bool, share: Double) throws {
        let subject = try Subject(isProgressive: isProgressive)
        let target = try subject.bytes(RateModel(scale: subject.tables.finestScale, lambdaFactor: 0)) * share
        let search = subject.search()
        let rough = try search.rough(target: target)
        #expect(abs(rough.bytes / target - 1) < 0.1 && !rough.isFinest && !rough.isTooLarge)
        let result = try search.refine(rough, target: target)
        #expect(abs(result.bytes / target - 1) < 0.012, "\(result.bytes / target)")
        #expect(try abs(subject.bytes(result.model) / result.bytes - 1) < 1e-9)
        let written = try subject.source.file(
            isProgressive: isProgressive, scale: result.model.scale, lambda: result.model.lambdaFactor)
        #expect(abs(Double(written.count) / target - 1) < 0.02, "\(written.count) for \(target)")
    }

    @Test("Another start of the search ends at the same bytes", arguments: [0.5, 2, 8, 100])
    func starts(start: Double) throws {
        let subject = try Subject()
        let target = try subject.bytes(RateModel(scale: 3))
        let search = subject.search()
        let result = try search.refine(search.rough(target: target, start: start), target: target)
        #expect(abs(result.bytes / target - 1) < 0.012)
    }

    @Test("A result moved to a nearby target keeps its steps, to a far one it does not", arguments: [0.97, 1.03, 0.5])
    func adjusted(factor: Double) throws {
        let subject = try Subject()
        let target = try subject.bytes(RateModel(scale: 3))
        let search = subject.search()
        let result = try search.refine(search.rough(target: target), target: target)
        let moved = try search.adjust(result, target: target * factor)
        #expect(abs(moved.bytes / (target * factor) - 1) < 0.02)
        #expect((moved.model.scale == result.model.scale) == (factor > 0.9))
    }

    @Test("Where everything fits, the finest steps are taken and nothing is dropped")
    func finest() throws {
        let subject = try Subject()
        let all = try subject.bytes(RateModel(scale: subject.tables.finestScale, lambdaFactor: 0))
        let search = subject.search()
        for target in [all * 1.1, all * 20] {
            let result = try search.refine(search.rough(target: target), target: target)
            #expect(result.isFinest && result.model.lambdaFactor == 0 && !result.isTooLarge)
            #expect(abs(result.model.scale / subject.tables.finestScale - 1) < 1e-3 && result.bytes <= target)
        }
        // A little less than all is reached, too.
        let result = try search.refine(search.rough(target: all * 0.97), target: all * 0.97)
        #expect(
            !result.isFinest && result.bytes < all && abs(result.bytes / all - 0.97) < 0.03, "\(result.bytes / all)")
    }

    @Test("Where nothing fits, the coarsest steps are told to be too large")
    func coarsest() throws {
        let subject = try Subject()
        let scales = 0.8...2.5
        let least = try subject.bytes(RateModel(scale: scales.upperBound, lambdaFactor: 3.5))
        let search = subject.search(scales)
        for target in [least * 0.5, least * 0.9] {
            let rough = try search.rough(target: target)
            let result = try search.refine(rough, target: target)
            #expect(rough.isTooLarge && result.isTooLarge && !result.isFinest)
            #expect(abs(result.model.scale / scales.upperBound - 1) < 1e-3 && result.bytes >= least * 0.999)
        }
    }

    @Test("No scale outside the range that is allowed comes out", arguments: [1.0...1.0, 1.5...1.6, 2.0...6.0])
    func range(scales: ClosedRange<Double>) throws {
        let subject = try Subject()
        for share in [0.05, 0.3, 0.9, 3] {
            let target = try subject.bytes(RateModel(scale: 1)) * share
            let search = subject.search(scales)
            let result = try search.refine(search.rough(target: target), target: target)
            #expect(result.model.scale >= scales.lowerBound * 0.9999)
            #expect(result.model.scale <= scales.upperBound * 1.0001)
        }
    }

    @Test("Rare symbols cost more bits than frequent ones, and none costs nothing")
    func costs() {
        var frequencies = [Double](repeating: 0, count: CodeTables.count * 256)
        // AC luma and chroma, in the order of the tables: run 0 of size 1 often, of size 5 hardly ever.
        for table in [2, 5] {
            frequencies[table * 256 + 0x01] = 10_000
            frequencies[table * 256 + 0x05] = 3
            frequencies[table * 256] = 500
        }
        let costs = CoefficientCosts(frequencies: frequencies)
        for table in [costs.luma, costs.chroma] { #expect(table.allSatisfy { $0 >= 0 } && table.contains { $0 > 0 }) }
        // What is the same for both tables is the same in both.
        #expect(costs.luma == costs.chroma)
        frequencies[5 * 256 + 0x05] = 9_000
        #expect(CoefficientCosts(frequencies: frequencies).luma == costs.luma)
        #expect(CoefficientCosts(frequencies: frequencies).chroma != costs.chroma)
    }
}
