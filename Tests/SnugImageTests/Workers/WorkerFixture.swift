// SPDX-License-Identifier: Apache-2.0
import CSandbox
import SnugSystem
import SnugTestSupport
import SystemPackage

@testable import SnugImage

/// Decoder processes and files for tests.
enum WorkerFixture {
    /// The test program, as a worker like any other or as one that does what its files say.
    static func worker(faults: Bool = false) throws -> DecoderWorker {
        let program = try CommandRunner(program: "snug-decoder-worker", folder: "/").program
        return faults ? DecoderWorker(executable: program, arguments: ["faults"]) : DecoderWorker(executable: program)
    }

    /// Decodes text as an image of 4 × 1 pixels by a worker that does what the text says.
    /// - Returns: The number that its samples make.
    static func decode(
        _ text: String, by pool: DecoderWorkerPool, memory: Int = 64 << 20,
        cancellation: CancellationFlag = CancellationFlag()
    ) throws -> Int32 {
        let reader = ImageReader(
            source: ImageSource(bytes: Array(text.utf8)), header: ImageHeader(format: .jpegXL, width: 4, height: 1),
            policy: FitPolicy(), memory: memory, cache: ColourConversionCache(), workers: pool,
            cancellation: cancellation)
        let decoder = try IsolatedDecoder(reader, codec: .jpegXL)
        var row = [UInt8](repeating: 0, count: 4)
        var span = row.mutableSpan
        try decoder.readRow(into: &span)
        return row.reversed().reduce(0) { $0 << 8 | Int32($1) }
    }
}
