// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// One choice of steps and of how readily coefficients are dropped.
struct RateModel: Sendable, Hashable {
    /// Of the step tables.
    var scale: Double
    /// Of the shape's λ; 0 drops nothing.
    var lambdaFactor = 1.0
}

/// Costs of coefficients in bits, for luma and chroma.
struct CoefficientCosts: Sendable {
    var luma: [Int32]
    var chroma: [Int32]

    /// Costs by the frequencies of a sequential scan's symbols.
    init(frequencies: [Double]) {
        luma = Self.costs(frequencies, role: .acLuma)
        chroma = Self.costs(frequencies, role: .acChroma)
    }

    private static func costs(_ frequencies: [Double], role: snug_table_role) -> [Int32] {
        let first = Int(role.rawValue) * 256
        let counts = frequencies[first..<first + 256].map { UInt32(min($0, 1e9)) }
        var costs = [Int32](repeating: 0, count: Int(SNUG_COST_COUNT))
        unsafe counts.withUnsafeBufferPointer { counts in
            unsafe costs.withUnsafeMutableBufferPointer { costs in
                guard let from = counts.baseAddress, let to = costs.baseAddress else { return }
                unsafe snug_costs_make(from, to)
            }
        }
        return costs
    }
}

/// The quantisers of all components, prepared for one model at a time.
@safe
final class Quantisers {
    private let tables: StepTables
    private let componentCount: Int
    private let quantisers: UnsafeMutablePointer<snug_quantiser>
    private(set) var steps: [[UInt16]] = []

    init(_ tables: StepTables, componentCount: Int) {
        self.tables = tables
        self.componentCount = componentCount
        unsafe quantisers = .allocate(capacity: componentCount)
        unsafe quantisers.initialize(repeating: snug_quantiser(), count: componentCount)
    }

    deinit { unsafe quantisers.deallocate() }

    /// - Parameter costs: Makes the quantisers greedy; `nil` decides by masks.
    func prepare(_ model: RateModel, costs: CoefficientCosts?) {
        steps = tables.steps(scale: model.scale)
        for component in 0..<componentCount {
            let lambda =
                tables.shape.lambda * model.lambdaFactor * (component > 0 ? tables.shape.chromaLambda : 1)
            unsafe withOptionalPointer(tables.sourceSteps?[component]) { units in
                unsafe withOptionalPointer(component > 0 ? costs?.chroma : costs?.luma) { costs in
                    unsafe steps[component].withUnsafeBufferPointer { steps in
                        guard let steps = steps.baseAddress else { return }
                        unsafe snug_quantiser_prepare(
                            quantisers + component, units, steps, lambda, tables.shape.activity, costs)
                    }
                }
            }
        }
    }

    func withQuantisers<Result>(_ body: (UnsafePointer<snug_quantiser>) -> Result) -> Result {
        unsafe body(UnsafePointer(quantisers))
    }

    private func withOptionalPointer<Element, Result>(
        _ array: [Element]?, _ body: (UnsafePointer<Element>?) -> Result
    ) -> Result {
        guard let array else { return body(nil) }
        return unsafe array.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }
}
