// SPDX-License-Identifier: Apache-2.0
#if WebP
    internal import CWebP
    import SnugSystem

    /// The rows of a WebP, or of one frame of an animation on its canvas.
    ///
    /// The library gives no row for good before the last, so the image is decoded as a whole when the first row is asked for.
    final class WebPRowDecoder: RowDecoder {
        let width: Int
        let height: Int
        let layout: SampleLayout
        let iccProfile: [UInt8]?
        private(set) var report = DecodeReport()

        private let reader: ImageReader
        /// The frames up to the one that is wanted; of a still image, the image.
        private let frames: [WebPFrame]
        private let isAnimated: Bool
        private var pixels: Plane?
        private var nextRow = 0

        init(_ reader: ImageReader) throws {
            let page = try FramePage.index(of: reader)
            var walk = try WebPWalk(reader.source, limits: reader.policy.decodingLimits, acceptsTruncation: true)
            while walk.frames.count <= page, try walk.next() != nil {}
            guard walk.frames.count > page else { throw FramePage.missing(page, of: walk.frames.count) }
            frames = Array(walk.frames.prefix(page + 1))
            isAnimated = walk.canvas?.isAnimated == true
            self.reader = reader
            width = reader.header.width
            height = reader.header.height
            layout = SampleLayout(.rgb, hasAlpha: reader.header.hasAlpha)
            iccProfile = try ImageProbe.iccProfile(
                of: reader.source, header: reader.header, limits: reader.policy.decodingLimits)
            report.totalRows = height
        }

        func readRow(into row: inout MutableSpan<UInt8>) throws {
            let plane = try pixels ?? image()
            pixels = plane
            let source = plane.row(nextRow)
            if plane.channels == layout.channels {
                row.copy(from: source)
            } else {
                // A canvas whose frames are all opaque and fill it.
                for x in 0..<width {
                    for channel in 0..<layout.channels { row[x * layout.channels + channel] = source[x * 4 + channel] }
                }
            }
            nextRow += 1
        }

        private func image() throws -> Plane {
            guard isAnimated else { return try decode(frames[0], channels: layout.channels) }
            let canvas = FrameCanvas(width: width, height: height)
            for (index, frame) in frames.enumerated() {
                let plane = try decode(frame, channels: 4)
                canvas.draw(plane, left: frame.left, top: frame.top, isBlended: frame.isBlended)
                if frame.isCleared, index < frames.count - 1 {
                    canvas.clear(left: frame.left, top: frame.top, width: frame.width, height: frame.height)
                }
            }
            return canvas.plane
        }

        private func decode(_ frame: WebPFrame, channels: Int) throws -> Plane {
            try reader.cancellation.check()
            let bytes = try reader.source.bytes(at: frame.chunks.lowerBound, count: frame.chunks.count)
            let plane = Plane(width: frame.width, height: frame.height, channels: channels)
            var rows: Int32 = 0
            let status = unsafe bytes.withUnsafeBufferPointer { bytes -> snug_webp_status in
                guard let start = bytes.baseAddress else { return .truncated }
                return unsafe plane.withSamples { samples in
                    unsafe snug_webp_decode(
                        start, bytes.count, Int32(channels), samples, plane.stride, Int32(frame.width),
                        Int32(frame.height), &rows)
                }
            }
            switch status {
            case .ok: break
            case .truncated, .corrupt:
                noteDamage(goodRows: max(0, min(Int(rows), frame.height)), endedEarly: status == .truncated)
                fill(plane, from: max(0, min(Int(rows), frame.height)))
            case .outOfMemory:
                throw ImageError(
                    .memoryExceeded, "no memory for a WebP decoder; \(ImageError.Setting.memory.remedy)",
                    settings: [.memory])
            default: throw ImageError(.corruptInput, "is a WebP whose image is not of the size that its header says")
            }
            return plane
        }

        private func noteDamage(goodRows: Int, endedEarly: Bool) {
            report.isDamaged = true
            report.goodRows = min(report.goodRows ?? height, goodRows)
            report.endedEarly = report.endedEarly || endedEarly
        }

        /// Mid-gray, or transparent where the image has alpha: a repeated last row would pass for image.
        private func fill(_ plane: Plane, from first: Int) {
            for y in first..<plane.height {
                var row = plane.mutableRow(y)
                for index in row.indices { row[index] = plane.channels == 4 ? 0 : 128 }
            }
        }
    }
#endif
