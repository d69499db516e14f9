// SPDX-License-Identifier: Apache-2.0

/// Quantisation steps of an output, for any scale of a shape.
struct StepTables: Sendable {
    /// Steps at scale 1 of each component, in zigzag order.
    private let shapes: [[Double]]
    /// The source's own steps, under which an output never goes; `nil` for pixels.
    let sourceSteps: [[UInt16]]?
    let shape: StepShape

    init(_ shape: StepShape, layout: BlockLayout, sourceSteps: [[UInt16]]?) {
        self.shape = shape
        self.sourceSteps = sourceSteps
        shapes = layout.components.indices.map { shape.values(component: $0, layout: layout) }
    }

    /// Steps of each component in zigzag order, 1…255.
    func steps(scale: Double) -> [[UInt16]] {
        shapes.indices.map { component in
            shapes[component].indices.map { index in
                let step = UInt16(min(max((shapes[component][index] * scale).rounded(), 1), 255))
                return max(step, sourceSteps?[component][index] ?? 1)
            }
        }
    }

    /// The largest scale at which every step is still the source's own, or 1.
    var finestScale: Double {
        var finest = Double.infinity
        for (component, values) in shapes.enumerated() {
            for (index, value) in values.enumerated() {
                finest = min(finest, (Double(sourceSteps?[component][index] ?? 1) + 0.499) / value)
            }
        }
        return finest
    }

    /// The scale from which on all steps are the coarsest that a baseline file can have.
    var coarsestScale: Double { 255 / (shapes.compactMap { $0.min() }.min() ?? 1) }

    /// The scale whose luma steps are as coarse as libjpeg's at a quality, by their sum.
    func scale(quality: Int) -> Double {
        let standard = QuantizationTable.luma(quality: Double(quality)).values.reduce(0) { $0 + Double($1) }
        let own = shapes.first?.reduce(0, +) ?? 1
        return standard / own
    }

    /// The libjpeg quality whose luma steps have the sum of these.
    static func quality(of lumaSteps: [UInt16]) -> Double {
        let sum = lumaSteps.reduce(0) { $0 + Double($1) }
        func standard(_ quality: Double) -> Double {
            QuantizationTable.luma(quality: quality).values.reduce(0) { $0 + Double($1) }
        }
        var low = 1.0
        var high = 100.0
        for _ in 0..<12 {
            let middle = (low + high) / 2
            if standard(middle) > sum { low = middle } else { high = middle }
        }
        return ((low + high) / 2 * 10).rounded() / 10
    }
}
