// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Pages of TIFF files, put together by TIFF 6.0 with uncompressed strips, through the decoder process.
@Suite(.enabled(if: ImageFormat.tiff.isDecodable)) struct TIFFPageTests {
    /// A page: its shown pixels are the same whatever the orientation of the stored ones.
    struct Page: Sendable {
        var width: Int
        var height: Int
        var isGray = false
        var orientation = 1
        /// Row by row as stored.
        var samples: [UInt8]
    }

    private static func page(_ width: Int, _ height: Int, isGray: Bool = false, orientation: Int = 1) -> Page {
        let count = width * height * (isGray ? 1 : 3)
        return Page(
            width: width, height: height, isGray: isGray, orientation: orientation,
            samples: (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + width) })
    }

    private static let pages = [page(4, 3), page(7, 2, isGray: true), page(3, 5, orientation: 3)]

    /// A file of these pages, each directory behind its samples.
    private static func file(_ pages: [Page]) -> [UInt8] {
        func little(_ value: Int, _ width: Int) -> [UInt8] {
            (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        func entry(_ tag: Int, _ value: Int) -> [UInt8] {
            little(tag, 2) + little(4, 2) + little(1, 4) + little(value, 4)
        }
        var bytes = Array("II*\0".utf8) + little(0, 4)
        var link = 4
        for page in pages {
            let place = bytes.count
            bytes += page.samples + (page.samples.count.isMultiple(of: 2) ? [] : [0])
            bytes.replaceSubrange(link..<link + 4, with: little(bytes.count, 4))
            let entries: [(Int, Int)] = [
                (256, page.width), (257, page.height), (258, 8), (259, 1), (262, page.isGray ? 1 : 2), (273, place),
                (274, page.orientation), (277, page.isGray ? 1 : 3), (278, page.height), (279, page.samples.count),
            ]
            bytes += little(entries.count, 2) + entries.flatMap { entry($0.0, $0.1) }
            link = bytes.count
            bytes += little(0, 4)
        }
        return bytes
    }

    private func fit(_ bytes: [UInt8], page: Int?) async throws -> (image: FittedImage, plane: Plane) {
        let fitter = ImageFitter(
            configuration: .init(memory: 1 << 28, threads: 1, decoderWorker: try WorkerFixture.worker()))
        var policy = FitPolicy(format: .png)
        policy.page = page
        let image = try await fitter.fit(ImageSource(bytes: bytes), policy: policy)
        return (image, try DrawnImage.decoded(image.bytes(of: bytes)))
    }

    @Test("Each page is read with its own size, colours and orientation", arguments: [nil, 1, 2, 3])
    func pages(number: Int?) async throws {
        let page = Self.pages[(number ?? 1) - 1]
        let (image, plane) = try await fit(Self.file(Self.pages), page: number)
        #expect(image.width == page.width && image.height == page.height)
        #expect(image.warnings.contains { $0.contains("3 pages, of which page \(number ?? 1) alone") })
        let channels = page.isGray ? 1 : 3
        for y in 0..<page.height {
            for x in 0..<page.width {
                // Orientation 3 turns by half a circle.
                let (fromX, fromY) = page.orientation == 3 ? (page.width - 1 - x, page.height - 1 - y) : (x, y)
                for channel in 0..<3 {
                    let stored = page.samples[
                        (fromY * page.width + fromX) * channels + (page.isGray ? 0 : channel)]
                    #expect(plane.row(y)[x * plane.channels + (plane.channels == 1 ? 0 : channel)] == stored)
                }
            }
        }
    }

    @Test("A page that is not there is refused with the number of those that are", arguments: [0, 4, Int.max])
    func missing(number: Int) async throws {
        let error = await #expect(throws: ImageError.self) { try await fit(Self.file(Self.pages), page: number) }
        #expect(error?.code == .invalidArgument)
        if number > 0 { #expect(error?.details["pages"] == .integer(3)) }
    }

    @Test("The header of a page is its own", arguments: 1...3)
    func header(number: Int) throws {
        let header = try ImageProbe.header(of: ImageSource(bytes: Self.file(Self.pages)), page: number)
        let page = Self.pages[number - 1]
        #expect(header.width == page.width && header.height == page.height && header.frameCount == 3)
        #expect(header.colourModel == (page.isGray ? .gray : .rgb) && header.orientation.rawValue == page.orientation)
    }
}
