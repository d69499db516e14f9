// SPDX-License-Identifier: Apache-2.0

/// The size of an image and of the planes it is made of.
struct RasterShape: Sendable, Hashable {
    var model: RasterModel
    /// Pixels of the image at the resolution of its finest plane.
    var width: Int
    var height: Int
    var planes: [PlaneShape]

    /// A gray or YCbCr image whose chroma is at full or at half resolution.
    static func planar(width: Int, height: Int, isGray: Bool, subsamplesChroma: Bool) -> RasterShape {
        let full = PlaneShape(
            width: width, height: height, extentWidth: Double(width), extentHeight: Double(height))
        if isGray { return RasterShape(model: .gray, width: width, height: height, planes: [full]) }
        let half = PlaneShape(
            width: (width + 1) / 2, height: (height + 1) / 2, extentWidth: Double(width) / 2,
            extentHeight: Double(height) / 2)
        let chroma = subsamplesChroma ? half : full
        return RasterShape(model: .ycbcr, width: width, height: height, planes: [full, chroma, chroma])
    }

    /// An image of interleaved samples.
    static func interleaved(width: Int, height: Int, channels: Int) -> RasterShape {
        RasterShape(
            model: .interleaved(channels: channels), width: width, height: height,
            planes: [
                PlaneShape(
                    width: width, height: height, channels: channels, extentWidth: Double(width),
                    extentHeight: Double(height))
            ])
    }

    /// Bytes of all planes held at once.
    var byteCount: Int {
        planes.reduce(0) { $0 + Plane.byteCount(width: $1.width, height: $1.height, channels: $1.channels) }
    }

    /// True when chroma has as many samples as luma.
    var hasFullChroma: Bool {
        planes.count == 3 && planes[1].width == planes[0].width && planes[1].height == planes[0].height
    }

    /// The shape with rows and columns exchanged.
    var transposed: RasterShape {
        var shape = self
        swap(&shape.width, &shape.height)
        for index in shape.planes.indices {
            var plane = shape.planes[index]
            swap(&plane.width, &plane.height)
            swap(&plane.extentWidth, &plane.extentHeight)
            shape.planes[index] = plane
        }
        return shape
    }
}
