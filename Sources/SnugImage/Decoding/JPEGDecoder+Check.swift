// SPDX-License-Identifier: Apache-2.0
import SnugSystem

extension JPEGDecoder {
    /// Decodes a whole file for its faults alone.
    static func check(
        _ source: ImageSource, limits: DecodingLimits, memory: Int, cancellation: CancellationFlag
    ) throws -> DecodeReport {
        var decoder = try JPEGDecoder.open(source, limits: limits, memory: memory, cancellation: cancellation)
        // At an eighth of the size all entropy-coded data are read, and few pixels are computed.
        try decoder.start(output: .planar, eighths: 1)
        let bandRows = max(decoder.components.first?.bandRows ?? 1, 1)
        for _ in 0..<(decoder.outputHeight + bandRows - 1) / bandRows { try decoder.readBand() }
        return decoder.report
    }
}
