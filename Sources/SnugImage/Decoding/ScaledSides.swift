// SPDX-License-Identifier: Apache-2.0

/// Samples that the blocks of a JPEG's components become at a reduced size.
struct ScaledSides {
    struct Side: Hashable {
        var across: Int
        var down: Int
    }
    /// Of each component.
    let sides: [Side]

    /// Sides that there are transforms for.
    static let known: Set<Side> = [
        Side(across: 1, down: 1), Side(across: 1, down: 2), Side(across: 2, down: 1), Side(across: 2, down: 2),
        Side(across: 2, down: 4), Side(across: 3, down: 3), Side(across: 4, down: 2), Side(across: 4, down: 4),
        Side(across: 6, down: 6), Side(across: 8, down: 8),
    ]

    /// - Parameters:
    ///   - eighths: Of the full size.
    ///   - halvesChroma: Half of luma's resolution in both directions is enough for chroma, else as much of luma's as its
    ///     blocks give.
    /// - Returns: `nil` for sides without a transform, and where the first component is not the finest.
    init?(_ layout: BlockLayout, eighths: Int, halvesChroma: Bool) {
        guard let luma = layout.components.first, luma.horizontal == layout.horizontal,
            luma.vertical == layout.vertical
        else { return nil }
        sides = layout.components.enumerated().map { index, component in
            let across = eighths * layout.horizontal
            let down = eighths * layout.vertical
            let half = Side(across: across / (2 * component.horizontal), down: down / (2 * component.vertical))
            if index > 0, halvesChroma, Self.known.contains(half),
                half.across * 2 * component.horizontal == across, half.down * 2 * component.vertical == down
            {
                return half
            }
            var side = eighths
            while side < 8, across.isMultiple(of: component.horizontal * side * 2),
                down.isMultiple(of: component.vertical * side * 2)
            { side *= 2 }
            return Side(across: side, down: side)
        }
        guard sides.allSatisfy(Self.known.contains) else { return nil }
    }

    /// The shape of the planes.
    func shape(_ layout: BlockLayout) -> RasterShape {
        let planes = zip(layout.components, sides).map { component, side in
            // Sides of the image in samples of the component, times the divisor of both.
            let across = (layout.width * component.horizontal * side.across, 8 * layout.horizontal)
            let down = (layout.height * component.vertical * side.down, 8 * layout.vertical)
            return PlaneShape(
                width: (across.0 + across.1 - 1) / across.1, height: (down.0 + down.1 - 1) / down.1,
                extentWidth: Double(across.0) / Double(across.1), extentHeight: Double(down.0) / Double(down.1))
        }
        return RasterShape(
            model: planes.count == 1 ? .gray : .ycbcr, width: planes[0].width, height: planes[0].height,
            planes: planes)
    }
}
