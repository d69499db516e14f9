// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// How the blocks of a JPEG's components lie in its image.
struct BlockLayout: Sendable, Hashable {
    struct Component: Sendable, Hashable {
        /// Blocks of one MCU, across and down.
        var horizontal: Int
        var vertical: Int
        /// Blocks that hold samples of the image; more pad it to whole MCUs.
        var blocksAcross: Int
        var blocksDown: Int
    }

    let width: Int
    let height: Int
    let components: [Component]
    let mcusAcross: Int
    let mcusDown: Int

    /// - Parameter sampling: Sampling factors of each component; those of a single one mean nothing (T.81 A.2.2).
    init(width: Int, height: Int, sampling: [(horizontal: Int, vertical: Int)]) {
        let factors = sampling.count == 1 ? [(horizontal: 1, vertical: 1)] : sampling
        let horizontal = factors.map(\.horizontal).max() ?? 1
        let vertical = factors.map(\.vertical).max() ?? 1
        func ceiling(_ value: Int, _ divisor: Int) -> Int { (value + divisor - 1) / divisor }
        self.width = width
        self.height = height
        mcusAcross = ceiling(width, 8 * horizontal)
        mcusDown = ceiling(height, 8 * vertical)
        components = factors.map {
            Component(
                horizontal: $0.horizontal, vertical: $0.vertical,
                blocksAcross: ceiling(ceiling(width * $0.horizontal, horizontal), 8),
                blocksDown: ceiling(ceiling(height * $0.vertical, vertical), 8))
        }
    }

    /// The layout of planes at full or half chroma resolution; `nil` for other shapes.
    init?(_ shape: RasterShape) {
        switch shape.model {
        case .gray: self.init(width: shape.width, height: shape.height, sampling: [(1, 1)])
        case .ycbcr:
            guard shape.planes.count == 3 else { return nil }
            func ratio(_ fine: Int, _ coarse: Int) -> Int? { [1, 2].first { (fine + $0 - 1) / $0 == coarse } }
            guard shape.planes[1] == shape.planes[2],
                let horizontal = ratio(shape.width, shape.planes[1].width),
                let vertical = ratio(shape.height, shape.planes[1].height)
            else { return nil }
            self.init(
                width: shape.width, height: shape.height, sampling: [(horizontal, vertical), (1, 1), (1, 1)])
        case .interleaved: return nil
        }
    }

    var mcuCount: Int { mcusAcross * mcusDown }
    var blocksInMCU: Int { components.reduce(0) { $0 + $1.horizontal * $1.vertical } }
    var blockCount: Int { mcuCount * blocksInMCU }
    var horizontal: Int { components.map(\.horizontal).max() ?? 1 }
    var vertical: Int { components.map(\.vertical).max() ?? 1 }
    /// True when chroma has as many samples as luma.
    var hasFullChroma: Bool {
        components.count == 3 && components.allSatisfy { $0.horizontal == horizontal && $0.vertical == vertical }
    }

    /// The layout as C wants it.
    func coding(isProgressive: Bool) -> snug_coding_layout {
        var layout = snug_coding_layout()
        layout.component_count = Int32(components.count)
        layout.mcus_across = Int32(mcusAcross)
        layout.is_progressive = isProgressive
        unsafe withUnsafeMutableBytes(of: &layout.components) { raw in
            let planes = unsafe raw.bindMemory(to: snug_plane_layout.self)
            for (index, component) in components.prefix(planes.count).enumerated() {
                unsafe planes[index] = snug_plane_layout(
                    horizontal: Int32(component.horizontal), vertical: Int32(component.vertical),
                    blocks_across: Int32(component.blocksAcross), blocks_down: Int32(component.blocksDown))
            }
        }
        return layout
    }
}
