// SPDX-License-Identifier: Apache-2.0

/// The properties of an image that only its pixels show.
struct PixelContent {
    /// True when every pixel is fully opaque.
    let isOpaque: Bool
    /// Large areas of one colour and few gradients: a screenshot, a chart, a drawing.
    let isGraphic: Bool

    /// Share of pixels equal to their left neighbour from which on an image counts as a graphic.
    ///
    /// Camera images have noise, and 1 to 15 % of equal neighbours; screenshots 60 to 95 %.
    private static let graphicShare = 0.4

    init(of supply: PixelSupply) throws {
        let sink = ContentSink(supply.shape)
        try supply.send(to: sink)
        isOpaque = sink.isOpaque
        isGraphic = Double(sink.equalNeighbours) >= Double(max(sink.pixels, 1)) * Self.graphicShare
    }
}

private final class ContentSink: RowSink {
    private let channels: Int
    private(set) var isOpaque = true
    private(set) var equalNeighbours = 0
    private(set) var pixels = 0
    private var rows = 0

    init(_ shape: RasterShape) { channels = shape.planes.first?.channels ?? 1 }

    func receive(_ row: Span<UInt8>, plane: Int) throws {
        if isOpaque && channels.isMultiple(of: 2) {
            var least: UInt8 = 255
            for index in stride(from: channels - 1, to: row.count, by: channels) { least = min(least, row[index]) }
            isOpaque = least == 255
        }
        // One row in four is enough to distinguish a graphic from a photo.
        if rows.isMultiple(of: 4) {
            var equal = 0
            for index in stride(from: channels, to: row.count - channels + 1, by: channels) {
                var same = true
                for channel in 0..<channels where row[index + channel] != row[index + channel - channels] {
                    same = false
                }
                if same { equal += 1 }
            }
            equalNeighbours += equal
            pixels += row.count / channels
        }
        rows += 1
    }
}
