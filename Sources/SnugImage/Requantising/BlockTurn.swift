// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// The turn of an orientation in the coefficient domain: blocks change places, and coefficients places and signs.
///
/// A flip of samples negates the odd frequencies of its direction, and swapped axes transpose the frequencies, so no
/// coefficient changes its magnitude.
struct BlockTurn: Sendable, Hashable {
    let orientation: Orientation
    /// In zigzag order: the place that each coefficient comes from, and -1 where its sign changes.
    private let places: [UInt8]
    private let masks: [Int16]

    init(_ orientation: Orientation) {
        self.orientation = orientation
        let swaps = orientation.swapsAxes
        let (mirrors, flips) = (Self.mirrors(orientation), Self.flips(orientation))
        places = Zigzag.naturalIndices.map { index in
            let source = swaps ? index % 8 * 8 + index / 8 : index
            return UInt8(Zigzag.naturalIndices.firstIndex(of: source) ?? 0)
        }
        masks = Zigzag.naturalIndices.map { index in
            let isNegated = (mirrors && index % 2 == 1) != (flips && index / 8 % 2 == 1)
            return isNegated ? -1 : 0
        }
    }

    /// True when the turned image is mirrored left to right, after the swap of its axes if there is one.
    private static func mirrors(_ orientation: Orientation) -> Bool {
        switch orientation {
        case .mirrored, .rotated180, .rotated90, .transversed: true
        case .upright, .flipped, .transposed, .rotated270: false
        }
    }

    /// True when it is mirrored top to bottom.
    private static func flips(_ orientation: Orientation) -> Bool {
        switch orientation {
        case .flipped, .rotated180, .rotated270, .transversed: true
        case .upright, .mirrored, .transposed, .rotated90: false
        }
    }

    /// True when no MCU that is only partly inside the image would have to move to its left or upper edge.
    func isLossless(_ layout: BlockLayout) -> Bool {
        let reversesColumns = orientation.swapsAxes ? Self.flips(orientation) : Self.mirrors(orientation)
        let reversesRows = orientation.swapsAxes ? Self.mirrors(orientation) : Self.flips(orientation)
        return (!reversesColumns || layout.width % (8 * layout.horizontal) == 0)
            && (!reversesRows || layout.height % (8 * layout.vertical) == 0)
    }

    /// The layout of the turned image.
    func layout(_ layout: BlockLayout) -> BlockLayout {
        guard orientation.swapsAxes else { return layout }
        return BlockLayout(
            width: layout.height, height: layout.width,
            sampling: layout.components.map { ($0.vertical, $0.horizontal) })
    }

    /// Quantisation steps, in zigzag order.
    func steps(_ steps: [UInt16]) -> [UInt16] { places.map { steps[Int($0)] } }

    /// The place in a grid of `across` by `down` that comes to `column` and `row` of the turned one.
    /// - Parameters:
    ///   - across: Columns of the grid that is turned.
    func source(column: Int, row: Int, across: Int, down: Int) -> (column: Int, row: Int) {
        let turned = orientation.swapsAxes ? (across: down, down: across) : (across: across, down: down)
        let x = Self.mirrors(orientation) ? turned.across - 1 - column : column
        let y = Self.flips(orientation) ? turned.down - 1 - row : row
        return orientation.swapsAxes ? (y, x) : (x, y)
    }

    /// Turns one block.
    func turn(_ block: UnsafePointer<Int16>, into target: UnsafeMutablePointer<Int16>) {
        unsafe places.withUnsafeBufferPointer { places in
            unsafe masks.withUnsafeBufferPointer { masks in
                guard let places = places.baseAddress, let masks = masks.baseAddress else { return }
                unsafe snug_block_turn(block, places, masks, target)
            }
        }
    }
}
