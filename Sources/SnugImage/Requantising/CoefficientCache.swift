// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Synchronization

/// The coefficients of a JPEG of several scans, decoded once for all that one fit makes of them.
final class CoefficientCache: Sendable {
    private let held = Mutex<MultiScanSource?>(nil)

    /// The coefficients, when they have been decoded.
    var current: MultiScanSource? { held.withLock { $0 } }

    /// The coefficients, decoded the first time.
    /// - Returns: `nil` for kinds of JPEG that are not read here.
    func source(
        of file: ImageSource, limits: DecodingLimits, cancellation: CancellationFlag
    ) throws -> MultiScanSource? {
        if let current { return current }
        guard let script = try ScanScript.read(file, limits: limits) else { return nil }
        let source = try MultiScanSource(file, script: script, cancellation: cancellation)
        held.withLock { $0 = source }
        return source
    }
}
