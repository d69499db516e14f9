// SPDX-License-Identifier: Apache-2.0
#if WebP
    internal import CWebP
    import SnugSystem

    /// Draws the image of a WebP, or one frame of an animation on its canvas.
    struct WebPFrameRenderer: FrameRenderer {
        private(set) var report = DecodeReport()

        private let reader: ImageReader
        private let frames: [WebPFrame]
        private let width: Int
        private let height: Int

        init(_ frames: [WebPFrame], of reader: ImageReader) {
            self.frames = frames
            self.reader = reader
            width = reader.header.width
            height = reader.header.height
        }

        static func frames(of reader: ImageReader, count: Int) throws(ImageError) -> [WebPFrame] {
            var walk = try WebPWalk(reader.source, limits: reader.policy.decodingLimits, acceptsTruncation: true)
            while walk.frames.count < count, try walk.next() != nil {}
            return Array(walk.frames.prefix(count))
        }

        mutating func render() throws -> Plane {
            guard frames.contains(where: \.isOnCanvas) else {
                return try decode(frames[0], channels: reader.header.hasAlpha ? 4 : 3)
            }
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

        private mutating func decode(_ frame: WebPFrame, channels: Int) throws -> Plane {
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

        private mutating func noteDamage(goodRows: Int, endedEarly: Bool) {
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
