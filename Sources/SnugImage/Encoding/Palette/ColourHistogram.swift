// SPDX-License-Identifier: Apache-2.0
import CKernels
import RealModule

/// The colours of an image with their weights, for quantising.
struct ColourHistogram {
    /// A colour in the space that distances are measured in, and its weight.
    struct Entry {
        var colour: SIMD4<Float>
        var weight: Float
        var pixels: UInt32
    }

    /// Most entries: in an image with more colours, neighbouring ones are grouped.
    static let maximumCount = 160_000
    private static let slotBits = 18
    /// A colour weighs its pixels to this power: large areas matter more, but not in proportion.
    private static let weightPower: Float = 0.75
    /// Most bytes that making one takes, entries included.
    static let memoryBytes = (MemoryLayout<snug_colour_count>.stride << slotBits) + maximumCount * 80

    private(set) var entries: [Entry] = []

    init(of plane: Plane) {
        let bits = min(Self.slotBits, max(8, Int.log2Ceiling(plane.width * plane.height) + 1))
        var slots: [snug_colour_count] = []
        for shift in 0...4 {
            slots = [snug_colour_count](repeating: snug_colour_count(), count: 1 << bits)
            // One in six slots stays free, or looking a colour up would take long.
            let most = min(Self.maximumCount, slots.count / 6 * 5)
            let count = unsafe slots.withUnsafeMutableBufferPointer { slots -> Int64 in
                guard let start = slots.baseAddress else { return 0 }
                return unsafe plane.withSamples { samples in
                    unsafe snug_count_colours(
                        snug_source_plane(
                            samples: samples, stride: plane.stride, width: plane.width, height: plane.height),
                        Int32(plane.channels), Int32(shift), start, Int32(bits), most)
                }
            }
            if count >= 0 { break }
        }
        for slot in slots where slot.count > 0 { entries.append(Self.entry(slot)) }
    }

    private static func entry(_ slot: snug_colour_count) -> Entry {
        let rest = [slot.rest.0, slot.rest.1, slot.rest.2, slot.rest.3]
        let rgba = (0..<4).map { channel in
            UInt8(clamping: slot.colour >> UInt32(8 * channel) & 255 + (rest[channel] + slot.count / 2) / slot.count)
        }
        return Entry(
            colour: weighted(rgba), weight: Float.pow(Float(slot.count), weightPower), pixels: slot.count)
    }

    /// A colour in the space that distances are measured in.
    static func weighted(_ rgba: [UInt8]) -> SIMD4<Float> {
        var colour = [Float](repeating: 0, count: 4)
        unsafe rgba.withUnsafeBufferPointer { rgba in
            unsafe colour.withUnsafeMutableBufferPointer { colour in
                guard let from = rgba.baseAddress, let to = colour.baseAddress, rgba.count == 4 else { return }
                unsafe snug_weigh_colour(from, to)
            }
        }
        return SIMD4(colour[0], colour[1], colour[2], colour[3])
    }

    /// The alpha of an opaque colour in that space.
    static let opaqueAlpha: Float = 255

    /// A weighted colour without its transparency. Its other channels are premultiplied.
    static func opaque(_ colour: SIMD4<Float>) -> SIMD4<Float> {
        colour[3] > 0 ? colour * (opaqueAlpha / colour[3]) : colour
    }

    /// Moves the entries at or under the cut along an axis to the front.
    /// - Returns: The first index of the others.
    mutating func partition(_ range: Range<Int>, axis: Int, cut: Float) -> Int {
        entries[range].partition { $0.colour[axis] > cut }
    }
}

extension Int {
    /// The exponent of the least power of two that is at least `value`.
    fileprivate static func log2Ceiling(_ value: Int) -> Int {
        value <= 1 ? 0 : Int.bitWidth - (value - 1).leadingZeroBitCount
    }
}
