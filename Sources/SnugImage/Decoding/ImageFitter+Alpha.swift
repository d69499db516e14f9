// SPDX-License-Identifier: Apache-2.0
import SnugSystem

extension ImageFitter {
    /// The least and the greatest alpha of an image, from 0 for transparent to 255 for opaque; `nil` for one without alpha.
    ///
    /// Decodes the image once, row by row.
    /// - Throws: ``ImageError``, `CancellationError`.
    package func alphaRange(of source: ImageSource) async throws -> ClosedRange<UInt8>? {
        let header = try await header(of: source)
        guard header.hasAlpha, header.format.isDecodable else { return nil }
        if isolates(header) { return try await alphaRangeIsolated(source, header) }
        let needed = min(budget.total, MemoryEstimate.walkingBytes + MemoryEstimate.codecBytes(header))
        return try await budget.withReservation(of: needed) {
            try await threads.runCancellable { [budget, cache, workers] cancellation in
                let reader = ImageReader(
                    source: source, header: header, policy: FitPolicy(), memory: budget.total, cache: cache,
                    workers: workers, cancellation: cancellation)
                let stream = try reader.open(PixelDemand(isPlanar: false))
                let sink = AlphaSink(channels: stream.shape.planes.first?.channels ?? 1)
                try stream.run(into: sink)
                return sink.range
            }
        }
    }
}

/// Finds the least and the greatest alpha of interleaved rows.
private final class AlphaSink: RowSink {
    private let channels: Int
    private var least: UInt8 = 255
    private var greatest: UInt8 = 0

    init(channels: Int) { self.channels = channels }

    /// `nil` for rows without alpha.
    var range: ClosedRange<UInt8>? { channels.isMultiple(of: 2) && least <= greatest ? least...greatest : nil }

    func receive(_ row: Span<UInt8>, plane: Int) {
        for index in stride(from: channels - 1, to: row.count, by: channels) {
            least = min(least, row[index])
            greatest = max(greatest, row[index])
        }
    }
}
