// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Files that comply: what the caller asked for holds for them as for those that are encoded.
@Suite struct CompliantFitTests {
    private let fitter = ImageFitter(configuration: .init(memory: 1 << 30, threads: 1))

    private func fit(
        _ bytes: [UInt8], _ limits: Limits = Limits(), _ policy: FitPolicy = FitPolicy()
    ) async throws -> FittedImage {
        try await fitter.fit(ImageSource(bytes: bytes), limits: limits, policy: policy)
    }

    private func policy(_ change: (inout FitPolicy) -> Void) -> FitPolicy {
        var policy = FitPolicy()
        change(&policy)
        return policy
    }

    private func loaded(_ orientation: Orientation = .upright) throws -> [UInt8] {
        try DrawnImage.jpeg(
            DrawnImage.scene(width: 96, height: 64),
            segments: [
                MetadataSegment(marker: 0xE1, payload: Array("Exif\0\0".utf8) + EXIFSample.bytes(orientation)),
                MetadataSegment(marker: 0xFE, payload: Array("a comment".utf8)),
            ])
    }

    @Test("Metadata goes, losslessly")
    func strips() async throws {
        let input = try loaded()
        let image = try await fit(input)
        let bytes = image.bytes(of: [])
        #expect(image.status == .stripped && image.encodes == 0)
        #expect(try DrawnImage.difference(DrawnImage.decoded(bytes), DrawnImage.decoded(input)) == 0)
        let header = try probe(bytes)
        #expect(header.metadata.total == 0)
        #expect(try await fit(bytes).status == .copied)
    }

    @Test("What follows the image goes from every format; only a JPEG copied as it is keeps its further images")
    func trailers() async throws {
        let jpeg = try DrawnImage.jpeg(DrawnImage.scene(width: 40, height: 30))
        let png = try DrawnImage.png(DrawnImage.scene(width: 40, height: 30))
        let all = Limits(formats: [.jpeg, .png, .webp])
        let webP = try await fit(png, all, policy { $0.format = .webp }).bytes(of: png)
        for image in [jpeg, png, webP] {
            for trailer in [[0], [UInt8](repeating: 0, count: 500), Array("<?php".utf8), jpeg, png] {
                for copies in [false, true] {
                    let fitted = try await fit(image + trailer, all, policy { $0.copiesCompliant = copies })
                    let isKept = copies && image == jpeg && trailer.count > 500
                    #expect(fitted.status == (isKept ? .copied : .stripped))
                    #expect(fitted.byteCount == image.count + (isKept ? trailer.count : 0))
                }
            }
        }
    }

    @Test("A file of which nothing is to be removed is copied")
    func copies() async throws {
        for input in [
            try DrawnImage.jpeg(DrawnImage.scene(width: 40, height: 30)),
            try DrawnImage.png(DrawnImage.scene(width: 40, height: 30)),
        ] {
            let image = try await fit(input)
            #expect(image.status == .copied && image.byteCount == input.count)
        }
    }

    @Test("A damaged file is damaged for copying and for fitting alike", arguments: [true, false])
    func oneVerdict(isProgressive: Bool) async throws {
        let input = try DrawnImage.jpeg(
            DrawnImage.scene(width: 200, height: 150), coding: isProgressive ? .progressive : .optimized)
        var (sound, broken) = (0, 0)
        for place in stride(from: 700, to: input.count - 20, by: input.count / 40) {
            var bytes = input
            for offset in 0..<6 { bytes[place + offset] = 0 }
            var codes: [ImageError.Code?] = []
            for limit in [1_000_000, input.count / 2] {
                do {
                    _ = try await fit(bytes, Limits(byteLimit: limit))
                    codes.append(nil)
                } catch let error as ImageError {
                    codes.append(error.code)
                }
            }
            #expect((codes[0] == nil) == (codes[1] == nil), "\(place): \(codes)")
            if codes[0] == nil { sound += 1 } else { broken += 1 }
        }
        #expect(broken > 3 && sound + broken > 30)
    }

    @Test("Where it is asked for, a sound file is copied with everything in it", arguments: [true, false])
    func copyCompliant(keepsMetadata: Bool) async throws {
        let policy = policy {
            if keepsMetadata { $0.metadata = .keep } else { $0.copiesCompliant = true }
        }
        let image = try await fit(try loaded(.rotated90), Limits(), policy)
        #expect(image.status == .copied)
    }

    @Test("An image comes out upright", arguments: Orientation.allCases.dropFirst())
    func turns(orientation: Orientation) async throws {
        let jpeg = try loaded(orientation)
        var png = PNGEncoderOptions()
        png.exif = EXIFBlock.minimal(orientation)
        for input in [jpeg, try DrawnImage.png(DrawnImage.scene(width: 96, height: 64), options: png)] {
            let image = try await fit(input)
            let bytes = image.bytes(of: [])
            let header = try probe(bytes)
            #expect(image.status == .fitted && header.orientation == .upright && header.metadata.exif == 0)
            let expected = orientation.swapsAxes ? (64, 96) : (96, 64)
            #expect((header.width, header.height) == expected && (image.width, image.height) == expected)
            #expect(try DrawnImage.difference(DrawnImage.decoded(bytes), DrawnImage.decoded(input)) < 2)
        }
    }

    @Test("A turned JPEG is no larger than its own quality makes it")
    func turnsAtItsOwnQuality() async throws {
        let scene = DrawnImage.scene(width: 320, height: 240)
        let input = try DrawnImage.jpeg(scene, quality: 70, segments: [DrawnImage.exif(.rotated90)])
        let image = try await fit(input)
        #expect(image.byteCount < input.count * 11 / 10)
    }

    @Test("Colours are converted where sRGB is asked for, by the limits or by the policy, and stay otherwise")
    func converts() async throws {
        let profile = try ColourFixtures.profile("p3")
        let segments = [MetadataSegment(marker: 0xE2, payload: Array("ICC_PROFILE\0".utf8) + [1, 1] + profile)]
        let input = try DrawnImage.jpeg(DrawnImage.quarters(width: 96, height: 64), segments: segments)
        #expect(try await fit(input).status == .copied)
        var limits = Limits()
        limits.requiresSRGB = true
        for (limits, policy) in [
            (limits, FitPolicy()), (Limits(), policy { $0.convertsToSRGB = true }),
            (limits, policy { $0.metadata = .keep }), (limits, policy { $0.copiesCompliant = true }),
        ] {
            let image = try await fit(input, limits, policy)
            let bytes = image.bytes(of: [])
            #expect(image.status == .fitted)
            #expect(try probe(bytes).metadata.icc == 0)
            #expect(try DrawnImage.difference(DrawnImage.decoded(bytes), DrawnImage.decoded(input)) < 3)
        }
    }

    @Test("Kinds of metadata stay or go one by one")
    func kinds() async throws {
        let input = try loaded()
        let all = try exif(of: input)
        #expect(all.contains(EXIFSample.latitude) && all.contains(EXIFSample.owner))
        let withoutPlace = try exif(
            of: try await fit(
                input, Limits(),
                policy {
                    $0.metadata = .keep
                    $0.metadata.kinds.remove(.gps)
                }
            ).bytes(of: []))
        #expect(!withoutPlace.contains(EXIFSample.latitude) && withoutPlace.contains(EXIFSample.owner))
        let rights = try await fit(input, Limits(), policy { $0.metadata.kinds = [.copyright] }).bytes(of: [])
        let owner = try exif(of: rights)
        #expect(owner.contains(EXIFSample.owner) && !owner.contains(EXIFSample.latitude))
        #expect(!owner.contains(EXIFSample.serial) && owner.count < all.count)
        let place = try exif(of: try await fit(input, Limits(), policy { $0.metadata.kinds = [.gps] }).bytes(of: []))
        #expect(place.contains(EXIFSample.latitude) && !place.contains(EXIFSample.owner))
        let comment = try await fit(input, Limits(), policy { $0.metadata.kinds = [.comment] }).bytes(of: [])
        let header = try probe(comment)
        #expect(header.metadata.comments > 0 && header.metadata.exif == 0)
    }

    @Test("Metadata that is kept describes the new image", arguments: [true, false])
    func describes(isPNG: Bool) async throws {
        let policy = policy {
            $0.metadata = .keep
            $0.format = isPNG ? .png : .jpeg
        }
        let packet = Array(#"<x tiff:Orientation="6" tiff:ImageWidth="96" exif:PixelYDimension="64"/>"#.utf8)
        let input = try DrawnImage.jpeg(
            DrawnImage.scene(width: 96, height: 64),
            segments: [
                MetadataSegment(marker: 0xE1, payload: Array("Exif\0\0".utf8) + EXIFSample.bytes(.rotated90)),
                MetadataSegment(marker: 0xE1, payload: Array("http://ns.adobe.com/xap/1.0/\0".utf8) + packet),
            ])
        let image = try await fit(input, Limits(maximumSide: 48), policy)
        let metadata = try metadata(of: image.bytes(of: []))
        #expect(image.width == 32 && image.height == 48)
        let block = try #require(metadata.exif)
        let editor = try #require(EXIFEditor(block))
        let exif = try #require(editor.directory(EXIFEditor.Tag.exifDirectory))
        let sizes = editor.entries(exif).filter { $0.tag == 0xA002 || $0.tag == 0xA003 }.map {
            TIFFBlock.number($0, in: ByteView(editor.bytes))
        }
        #expect(sizes == [32, 48])
        #expect(EXIFBlock(editor.bytes)?.orientation == .valid(.upright))
        let xmp = try #require(metadata.xmp)
        let text = String(decoding: xmp, as: UTF8.self)
        #expect(text == #"<x tiff:Orientation="1" tiff:ImageWidth="32" exif:PixelYDimension="48"/>"#)
    }

    @Test("Metadata that leaves no room is named by the error, with its bytes", arguments: [50_000, 61_000])
    func tooMuchMetadata(limit: Int) async throws {
        let input = try DrawnImage.jpeg(
            DrawnImage.scene(width: 320, height: 240), segments: [DrawnImage.exif(.upright, filler: 60_000)])
        await #expect {
            try await fit(
                input, Limits(byteLimit: limit),
                policy {
                    $0.metadata = .keep; $0.keepsSize = true
                })
        } throws: {
            let error = $0 as? ImageError
            return error?.code == .cannotFit && error?.settings.first == .metadata
                && error?.details["metadata_bytes"] != nil
        }
    }

    private func metadata(of bytes: [UInt8]) throws -> EmbeddedMetadata {
        try ImageProbe.embeddedMetadata(of: ImageSource(bytes: bytes), header: try probe(bytes))
    }

    private func exif(of bytes: [UInt8]) throws -> String {
        let block = try metadata(of: bytes).exif
        return String(decoding: try #require(block), as: UTF8.self)
    }
}

/// An EXIF block as a camera writes it.
enum EXIFSample {
    static let latitude = "LATITUDE"
    static let owner = "Jane Owner"
    static let serial = "SN-12345"

    static let bytes = bytes(.upright)

    static func bytes(_ orientation: Orientation) -> [UInt8] {
        let first = 4
        let exifOffset = 8 + 2 + 12 * first + 4
        let exifEntries = 3
        let gpsOffset = exifOffset + 2 + 12 * exifEntries + 4
        let textOffset = gpsOffset + 2 + 12 + 4
        let texts = [owner, serial, latitude].map { Array($0.utf8) + [0] }
        let offsets = texts.indices.map { index in texts[..<index].reduce(textOffset) { $0 + $1.count } }
        let exif = TIFFBuilder([
            .init(0xA002, type: 4, value: 96), .init(0xA003, type: 4, value: 64),
            .init(0xA431, type: 2, count: texts[1].count, value: offsets[1]),
        ])
        let gps = TIFFBuilder([.init(2, type: 2, count: texts[2].count, value: offsets[2])])
        var block = TIFFBuilder([
            .orientation(orientation.rawValue), .init(0x8298, type: 2, count: texts[0].count, value: offsets[0]),
            .init(0x8769, type: 4, value: exifOffset), .init(0x8825, type: 4, value: gpsOffset),
        ])
        block.trailer = exif.directory + gps.directory + texts.flatMap { $0 }
        return block.bytes
    }
}
