// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SnugPipeline
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct GenerationImageFitterTests {
    private let folder: TemporaryFolder
    private let fitter: GenerationImageFitter

    init() throws {
        folder = try TemporaryFolder()
        fitter = GenerationImageFitter(for: try .openAI(), maximumConcurrency: 1)
    }

    private let jpeg = JPEGBuilder(width: 64, height: 48).bytes

    @Test("An input is fitted from a file and from memory, and named for a form")
    func fits() async throws {
        let path = try folder.write(jpeg, to: "My Photo!.jpeg")
        for input in [ImageInput.file(path), .bytes(jpeg, name: "My Photo!.jpeg")] {
            let fitted = try await fitter.fit(input, InputLimits())
            #expect(fitted.mediaType == "image/jpeg" && fitted.name == "my-photo.jpg")
            #expect(!fitted.bytes.isEmpty && fitted.bytes.count <= InputLimits().byteLimit)
        }
    }

    @Test("Limits that the provider names are kept")
    func narrowed() async throws {
        let fitted = try await fitter.fit(
            .bytes(jpeg, name: "a"), InputLimits(byteLimit: 100_000, maximumSide: 32, mediaTypes: ["image/jpeg"]))
        #expect(fitted.mediaType == "image/jpeg" && fitted.bytes.count <= 100_000)
        let header = try await ImageFitter().header(of: ImageSource(bytes: fitted.bytes))
        #expect(max(header.width, header.height) <= 32)
    }

    @Test("A mask is scaled to the side of its image, and stays as large as it is without one", arguments: [nil, 32])
    func mask(side: Int?) async throws {
        var mask = PNGBuilder(width: 64, height: 48, colourType: 6)
        mask.lowerFill = 255
        let fitted = try await fitter.fit(
            .bytes(mask.bytes, name: "mask"),
            InputLimits(byteLimit: 100_000, maximumSide: side, mediaTypes: ["image/png"]))
        #expect(fitted.mediaType == "image/png")
        #expect(fitted.size == (side == nil ? ImageSize(width: 64, height: 48) : ImageSize(width: 32, height: 24)))
    }

    @Test("An address, a missing file and a mask without transparency are errors that name the input")
    func refuses() async throws {
        await #expect(throws: ImageError.self) { _ = try await fitter.fit(.url("https://host/a"), InputLimits()) }
        let missing = try await #require(throws: ImageError.self) {
            _ = try await fitter.fit(.file("/nowhere/a.png"), InputLimits())
        }
        #expect(missing.code == .notFound && missing.message.contains("a.png"))
        // Nobody who generates can turn on the recovery of partial images.
        let cut = Array(PNGBuilder(width: 64, height: 48).bytes.dropLast(40))
        let truncated = try await #require(throws: ImageError.self) {
            _ = try await fitter.fit(.bytes(cut, name: "cut.png"), InputLimits(byteLimit: 1 << 20, maximumSide: 32))
        }
        #expect(truncated.message.hasSuffix("; get it again"), "\(truncated.message)")
    }

    @Test("A whole image is accepted with its facts, and a cut one is not")
    func checks() async throws {
        let facts = try await fitter.check(try folder.write(jpeg, to: "a"))
        #expect(facts == ImageFacts(mediaType: "image/jpeg", size: ImageSize(width: 64, height: 48)))
        let cut = try folder.write(Array(jpeg.prefix(jpeg.count / 2)), to: "b")
        await #expect(throws: ImageError.self) { _ = try await fitter.check(cut) }
        // All pixels are there, and the file ends too early all the same.
        let endless = try folder.write(Array(PNGBuilder(width: 64, height: 48).bytes.dropLast(12)), to: "d")
        let error = await #expect(throws: ImageError.self) { _ = try await fitter.check(endless) }
        #expect(error?.message.contains("ends without IEND") == true, "\(error?.message ?? "")")
        let page = try folder.write(Array("<html>no</html>".utf8), to: "c")
        await #expect(throws: ImageError.self) { _ = try await fitter.check(page) }
    }

    @Test("A result that only decoder processes read is accepted by its structure, and not when it is cut")
    func checksWithoutDecoding() async throws {
        for (name, type) in [("plain.avif", "image/avif"), ("boxed.jxl", "image/jxl"), ("tiled.tif", "image/tiff")] {
            let facts = try await fitter.check(try folder.write(WorkerFile.bytes(name), to: name))
            #expect(facts == ImageFacts(mediaType: type, size: ImageSize(width: 24, height: 16)))
        }
        let cut = try folder.write(Array(WorkerFile.bytes("plain.avif").dropLast(9)), to: "cut")
        let error = await #expect(throws: ImageError.self) { _ = try await fitter.check(cut) }
        #expect(error?.code == .truncatedInput)
    }
}
