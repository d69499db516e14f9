// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// The inputs that all steps of one fit share.
struct FitContext {
    let source: ImageSource
    let header: ImageHeader
    let limits: Limits
    var policy: FitPolicy
    let plan: FitPlan
    let mode: MemoryMode
    /// The codec library's memory limit in bytes.
    let codecMemory: Int
    let cache: ColourConversionCache
    let cancellation: CancellationFlag

    /// The limit on the output file's bytes.
    var byteLimit: Int { limits.fileByteLimit }

    var reader: ImageReader {
        ImageReader(
            source: source, header: header, policy: policy, memory: codecMemory, cache: cache,
            cancellation: cancellation)
    }

    /// The image's pixels, held or decoded at each pass as the mode says.
    func supply(_ demand: PixelDemand) throws -> PixelSupply {
        mode.holdsPixels
            ? try PixelSupply.holding(reader, demand: demand) : try PixelSupply.streaming(reader, demand: demand)
    }

    /// - Returns: `nil` where the limit is out of reach for what `body` does.
    func unlessOutOfReach(_ body: () throws -> Encoded) throws -> Encoded? {
        do {
            return try body()
        } catch let error as ImageError where error.code == .cannotFit {
            return nil
        }
    }

    /// The error for a limit that is out of reach.
    /// - Parameters:
    ///   - remedies: The settings that help, at least one.
    ///   - advice: The end of the message.
    func cannotFit(
        smallest: Int, width: Int, height: Int, remedies: [ImageError.Setting], advice: String = ""
    ) -> ImageError {
        ImageError(
            .cannotFit,
            "the limit of \(byteLimit) bytes is out of reach: the smallest result was \(smallest) bytes at "
                + "\(width)×\(height); \(remedies.map(\.remedy).joined(separator: " or "))\(advice)",
            details: [
                "smallest_bytes": .integer(smallest), "limit_bytes": .integer(byteLimit), "width": .integer(width),
                "height": .integer(height),
            ], settings: remedies)
    }
}
