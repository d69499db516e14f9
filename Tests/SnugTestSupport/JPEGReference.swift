// SPDX-License-Identifier: Apache-2.0
internal import CTestSupport

/// libjpeg without anything of ours around it.
package enum JPEGReference {
    /// One plane of an image.
    package struct Plane: Equatable {
        package var width: Int
        package var height: Int
        package var samples: [UInt8]

        package init(width: Int, height: Int, samples: [UInt8]) {
            self.width = width
            self.height = height
            self.samples = samples
        }
    }

    /// A component as it is stored; `nil` when the file does not decode.
    package static func plane(_ component: Int, of file: [UInt8], maximumSamples: Int = 1 << 22) -> Plane? {
        var samples = [UInt8](repeating: 0, count: maximumSamples)
        var width: Int32 = 0
        var height: Int32 = 0
        let isThere = unsafe snug_test_jpeg_plane(
            file, file.count, Int32(component), &samples, samples.count, &width, &height)
        guard isThere else { return nil }
        return Plane(
            width: Int(width), height: Int(height), samples: Array(samples.prefix(Int(width) * Int(height))))
    }

    /// The quantised coefficients of all components; empty when the file does not decode.
    package static func coefficients(of file: [UInt8], maximumCount: Int = 1 << 22) -> [Int16] {
        var coefficients = [Int16](repeating: 0, count: maximumCount)
        let count = unsafe snug_test_jpeg_coefficients(file, file.count, &coefficients, coefficients.count)
        return Array(coefficients.prefix(count))
    }

    /// Encodes one or three planes at a quality, baseline with optimal tables.
    package static func encode(_ planes: [Plane], quality: Int) -> [UInt8] {
        var all = planes.flatMap(\.samples)
        return unsafe all.withUnsafeMutableBufferPointer { buffer -> [UInt8] in
            guard let start = buffer.baseAddress else { return [] }
            var raw = snug_test_planes()
            raw.count = Int32(planes.count)
            let starts = planes.indices.map { index in planes[..<index].reduce(0) { $0 + $1.samples.count } }
            func side(_ index: Int, _ path: KeyPath<Plane, Int>) -> Int32 {
                planes.indices.contains(index) ? Int32(planes[index][keyPath: path]) : 0
            }
            raw.widths = (side(0, \.width), side(1, \.width), side(2, \.width))
            raw.heights = (side(0, \.height), side(1, \.height), side(2, \.height))
            func samples(_ index: Int) -> UnsafePointer<UInt8>? {
                starts.indices.contains(index) ? unsafe UnsafePointer(start + starts[index]) : nil
            }
            unsafe raw.samples = (samples(0), samples(1), samples(2))
            var bytes: UnsafeMutablePointer<UInt8>?
            let count = unsafe snug_test_jpeg_encode(&raw, Int32(quality), &bytes)
            defer { unsafe snug_test_jpeg_free(bytes) }
            guard let bytes = unsafe bytes else { return [] }
            return unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
        }
    }

    /// libjpeg's own table for a quality.
    package static func table(quality: Int, isChroma: Bool) -> [UInt16] {
        var values = [UInt16](repeating: 0, count: 64)
        unsafe snug_test_jpeg_table(Int32(quality), isChroma, &values)
        return values
    }
}
