// SPDX-License-Identifier: Apache-2.0
import SnugSystem

@testable import SnugImage

extension FitContext {
    /// The fit of a drawn image, its pixels held.
    static func drawn(_ plane: Plane, byteLimit: Int, policy: FitPolicy = FitPolicy()) throws -> FitContext {
        let input = try DrawnImage.png(plane, options: PNGEncoderOptions(level: 1))
        let source = ImageSource(bytes: input)
        let header = try ImageProbe.header(of: source)
        let limits = Limits(byteLimit: byteLimit)
        let plan = try FitPlan.make(header: header, byteCount: input.count, limits: limits, policy: policy)
        return FitContext(
            source: source, header: header, limits: limits, policy: policy, plan: plan, mode: .held,
            codecMemory: 1 << 30, cache: ColourConversionCache(), cancellation: CancellationFlag())
    }
}
