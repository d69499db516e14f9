// SPDX-License-Identifier: Apache-2.0
#if GIF
    internal import CGIF
    import SnugSystem

    /// Draws the frames of a GIF, each from a file that has it alone.
    struct GIFFrameRenderer: FrameRenderer {
        private(set) var report = DecodeReport()

        private let reader: ImageReader
        private let frames: [GIFFrame]
        private let width: Int
        private let height: Int

        init(_ frames: [GIFFrame], of reader: ImageReader) {
            self.frames = frames
            self.reader = reader
            width = reader.header.width
            height = reader.header.height
        }

        static func frames(of reader: ImageReader, count: Int) throws(ImageError) -> [GIFFrame] {
            let limits = reader.policy.decodingLimits
            var walk = try GIFWalk(reader.source, limits: limits, acceptsTruncation: true)
            var frames: [GIFFrame] = []
            var work = 0
            while frames.count < count, let frame = try walk.nextFrame() {
                frames.append(frame)
                // A frame may be much larger than the canvas, and is decoded as a whole.
                work += frame.width * frame.height
                try FramePage.check(work: work, page: frames.count, limits: limits)
            }
            return frames
        }

        mutating func render() throws -> Plane {
            let canvas = FrameCanvas(width: width, height: height)
            for (index, frame) in frames.enumerated() {
                let isLast = index == frames.count - 1
                let before = frame.disposal == .restore && !isLast ? canvas.snapshot() : nil
                if let plane = try decode(frame) {
                    canvas.draw(plane, left: frame.left, top: frame.top, isBlended: true)
                }
                if isLast { break }
                if let before { canvas.restore(before) }
                if frame.disposal == .clear {
                    canvas.clear(left: frame.left, top: frame.top, width: frame.width, height: frame.height)
                }
            }
            return canvas.plane
        }

        /// The pixels of a frame, as far as they are on the canvas; `nil` where none is.
        private mutating func decode(_ frame: GIFFrame) throws -> Plane? {
            try reader.cancellation.check()
            let columns = min(frame.width, width - frame.left)
            let rows = min(frame.height, height - frame.top)
            guard columns > 0, rows > 0 else { return nil }
            let bytes = try fileOfFrame(frame)
            var indexes = [UInt8](repeating: 0, count: columns * rows)
            var decoded: Int32 = 0
            let status = unsafe snug_gif_decode(
                bytes, bytes.count, Int32(columns), Int32(rows), &indexes, &decoded)
            switch status {
            case .ok: break
            case .truncated, .corrupt:
                report.isDamaged = true
                report.endedEarly = report.endedEarly || status == .truncated
                report.goodRows = min(report.goodRows ?? height, min(Int(decoded), height))
            case .outOfMemory:
                throw ImageError(
                    .memoryExceeded, "no memory for a GIF decoder; \(ImageError.Setting.memory.remedy)",
                    settings: [.memory])
            }
            return try coloured(indexes, frame, columns: columns, rows: rows, decoded: Int(decoded))
        }

        /// A file of one frame alone: a header without colours, and the frame's own bytes.
        ///
        /// The library takes no block that is cut: one that the file ends in gets the length that is there.
        private func fileOfFrame(_ frame: GIFFrame) throws -> [UInt8] {
            let start: [UInt8] = Array("GIF89a".utf8) + [0, 0, 0, 0, 0, 0, 0]
            let own = try reader.source.bytes(at: frame.range.lowerBound, count: frame.range.count)
            var bytes = start + own
            var block = start.count + frame.data - frame.range.lowerBound
            while block < bytes.count, bytes[block] > 0 {
                let next = block + 1 + Int(bytes[block])
                if next > bytes.count {
                    bytes[block] = UInt8(clamping: bytes.count - block - 1)
                    if bytes[block] == 0 { bytes.removeLast() }
                }
                block = next
            }
            return bytes
        }

        /// - Parameter decoded: Lines that are there, in the order in which they are stored.
        private mutating func coloured(
            _ indexes: [UInt8], _ frame: GIFFrame, columns: Int, rows: Int, decoded: Int
        ) throws -> Plane {
            let palette = try colours(of: frame)
            let plane = Plane(width: columns, height: rows, channels: 4)
            let present = Self.shownLines(decoded, of: frame)
            for y in 0..<rows {
                var row = plane.mutableRow(y)
                for x in 0..<columns {
                    let index = Int(indexes[y * columns + x])
                    let isThere = present[y] && index != frame.transparentIndex
                    let colour = palette[index]
                    for channel in 0..<3 { row[x * 4 + channel] = isThere ? colour[channel] : 0 }
                    row[x * 4 + 3] = isThere ? 255 : 0
                }
            }
            return plane
        }

        /// 256 colours: those that the file lacks are black, and without any, indexes are levels of gray.
        private mutating func colours(of frame: GIFFrame) throws -> [[UInt8]] {
            guard let place = frame.palette else {
                let note = "a frame has no colours: its indexes are shown as levels of gray"
                if !report.warnings.contains(note) {
                    report.warnings.append(note)
                    report.warningCount += 1
                }
                return (0..<256).map { [UInt8](repeating: UInt8($0), count: 3) }
            }
            let bytes = try reader.source.bytes(at: place.lowerBound, count: place.count)
            return (0..<256).map { index in
                index * 3 + 2 < bytes.count ? Array(bytes[index * 3..<index * 3 + 3]) : [0, 0, 0]
            }
        }

        /// The lines of a frame that were decoded; an interlaced one stores every eighth line first (GIF89a, appendix E).
        private static func shownLines(_ decoded: Int, of frame: GIFFrame) -> [Bool] {
            guard frame.isInterlaced, decoded < frame.height else {
                return (0..<frame.height).map { $0 < decoded }
            }
            var lines = [Bool](repeating: false, count: frame.height)
            let passes = [(0, 8), (4, 8), (2, 4), (1, 2)]
            let order = passes.flatMap { first, step in Array(stride(from: first, to: frame.height, by: step)) }
            for line in order.prefix(decoded) { lines[line] = true }
            return lines
        }
    }
#endif
