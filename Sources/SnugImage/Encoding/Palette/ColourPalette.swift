// SPDX-License-Identifier: Apache-2.0
import CKernels

/// A palette made for an image, and the nearest entry of any colour.
struct ColourPalette {
    private static let capacity = Int(SNUG_PALETTE_ENTRIES)

    /// Weighted samples, channel by channel.
    private var colours: [Float]
    /// Four bytes for each entry.
    private var bytes: [UInt8]
    private let count: Int

    /// - Parameter weighted: 1 to 256 colours in the space that distances are measured in.
    init(weighted: [SIMD4<Float>]) {
        count = weighted.count
        // Beyond any distance between colours, whose weighted samples are at most 255.
        colours = [Float](repeating: 1e6, count: 4 * Self.capacity)
        bytes = [UInt8](repeating: 0, count: 4 * Self.capacity)
        for (index, colour) in weighted.enumerated() {
            for channel in 0..<4 { colours[channel * Self.capacity + index] = colour[channel] }
        }
    }

    /// The palette with each entry rounded to 8 bits, as a file holds it.
    /// - Returns: The palette and its colours as ``PNGPalette`` writes them.
    static func rounded(_ weighted: [SIMD4<Float>]) -> (palette: ColourPalette, colours: [UInt32]) {
        // Entries that round to the same colour are one.
        var seen: Set<UInt32> = []
        let colours = weighted.map(rgba).filter { seen.insert($0).inserted }
        let sorted = PNGPalette(colours).colours
        var palette = ColourPalette(weighted: sorted.map { ColourHistogram.weighted(bytes(of: $0)) })
        for (index, colour) in sorted.enumerated() {
            palette.bytes.replaceSubrange(4 * index..<4 * index + 4, with: bytes(of: colour))
        }
        return (palette, sorted)
    }

    private static func bytes(of colour: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: colour >> UInt32($0)) }
    }

    /// A weighted colour as `red << 24 | green << 16 | blue << 8 | alpha`.
    private static func rgba(_ weighted: SIMD4<Float>) -> UInt32 {
        let alpha = weighted[3]
        guard alpha >= 0.5 else { return 0 }
        // The inverse of the weights that each channel has.
        let full = ColourHistogram.weighted([255, 255, 255, 255])
        let scale = 255 * 255 / alpha
        let channels = (0..<3).map { UInt32(min(max(weighted[$0] / full[$0] * scale + 0.5, 0), 255)) }
        return channels[0] << 24 | channels[1] << 16 | channels[2] << 8 | UInt32(min(alpha + 0.5, 255))
    }

    /// The nearest entry of each colour.
    func assign(_ entries: [ColourHistogram.Entry]) -> [UInt8] {
        var packed: [Float] = []
        packed.reserveCapacity(entries.count * 4)
        for entry in entries { for channel in 0..<4 { packed.append(entry.colour[channel]) } }
        var indices = [UInt8](repeating: 0, count: entries.count)
        unsafe withTable { table in
            unsafe packed.withUnsafeBufferPointer { colours in
                unsafe indices.withUnsafeMutableBufferPointer { indices in
                    guard let from = colours.baseAddress, let to = indices.baseAddress else { return }
                    unsafe snug_assign_colours(.best, table, from, entries.count, to)
                }
            }
        }
        return indices
    }

    /// Lends the palette to the kernels.
    func withTable(_ body: (snug_palette) -> Void) {
        unsafe colours.withUnsafeBufferPointer { colours in
            unsafe bytes.withUnsafeBufferPointer { bytes in
                guard let samples = colours.baseAddress, let rgba = bytes.baseAddress else { return }
                unsafe body(snug_palette(count: Int32(count), colours: samples, rgba: rgba))
            }
        }
    }
}
