// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSimulator
import SnugUpload
import SystemPackage

/// A backend's day in one page: fits a folder, uploads the results and generates from one of them, against the simulator:
/// `embed FOLDER BYTES OUTPUT`.
@main
struct Embed {
    static func main() async throws {
        // This process may be a decoder of HEIC, AVIF, TIFF or JPEG XL for another one.
        DecoderWorker.serveIfRequested()
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let limit = Int(arguments[2]) else {
            print("usage: embed FOLDER BYTES OUTPUT")
            return
        }
        try await Simulator.with { simulator in
            let folder = FilePath(arguments[3])
            let ledger = try await SQLiteLedger.open(folder.appending("ledger.sqlite"))
            let backend = try Backend(simulator.addresses, folder: folder, ledger: ledger)
            let fitted = try await backend.fit(FilePath(arguments[1]), under: limit)
            try await backend.upload(fitted)
            guard let first = fitted.first else { return }
            try await backend.generate("the same at night", from: first)
            try await ledger.close()
        }
    }
}

struct Backend {
    let http: HTTPClient  // Shared: one event loop, one connection cache.
    let folder: FilePath
    let ledger: SQLiteLedger  // Everything that must outlive the process.
    let addresses: Addresses
    let logger = Logger(label: "embed")

    init(_ addresses: Addresses, folder: FilePath, ledger: SQLiteLedger) throws {
        http = try HTTPClient(logger: logger)
        self.folder = folder
        self.ledger = ledger
        self.addresses = addresses
    }

    /// Fits a folder of images, and returns the outputs.
    func fit(_ input: FilePath, under limit: Int) async throws -> [FilePath] {
        var request = FitRequest(
            inputs: [input], destination: .folder(folder.appending("fitted")), limits: Limits(byteLimit: limit))
        request.overwriting = .always
        request.isRecursive = false
        let (records, continuation) = AsyncStream.makeStream(of: FitRecord.self)
        let report = try await FitRun(request).run { event in
            if case .finished(let record, _) = event { continuation.yield(record) }
        }
        continuation.finish()
        print("fitted \(report.count(.fitted)), copied \(report.count(.copied)), failed \(report.count(.failed))")
        for failure in report.failures { print("\(failure.input): \(failure.error?.message ?? "")") }
        return await records.reduce(into: []) { outputs, record in
            if let output = record.output { outputs.append(output) }
        }
        .sorted { $0.string < $1.string }
    }

    /// Uploads files as forms. Uploads by tus or S3 resume after a crash, because their records are in the ledger.
    func upload(_ files: [FilePath]) async throws {
        var destination = UploadDestination(
            url: try HTTPURL((addresses.base[.media] ?? "") + "/upload"), uploadProtocol: .form)
        destination.headers[.authorization] = "Bearer sk_paid"
        let uploader = Uploader(client: http, store: LedgerUploadStore(ledger), logger: logger)
        let report = try await UploadRun(UploadRequest(files: files, destination: destination), uploader: uploader)
            .run()
        print("uploaded \(report.receipts.count), failed \(report.failures.count)")
        if let failure = report.failures.first { throw failure.error }
    }

    /// Generates an image from another. Run again after a crash, it resumes, and pays for nothing twice.
    func generate(_ prompt: String, from image: FilePath) async throws {
        let provider = try Provider.pollinations(baseURL: addresses.base[.pollinations] ?? "")
        let stores = GenerationStores.ledger(ledger)
        let client = GenerationClient(
            provider: provider, credentials: .key(Secret("sk_paid")), http: http, stores: stores,
            images: GenerationImageFitter(for: provider),
            host: try PollinationsMediaHost(
                client: http, key: Secret("sk_paid"), baseURL: addresses.base[.media] ?? ""), logger: logger)
        let request = GenerationRequest(prompt: prompt, model: "kontext", images: [.file(image)])
        let works = try await GenerationWork.named(
            [(request, ImageDestination(folder: folder, name: "night"))], for: provider)
        let report = try await GenerationRun(client: client, journal: stores.journal).run(works) { event in
            guard case .ended(let outcome) = event else { return }
            print(outcome.error?.message ?? outcome.generation.images.map(\.path.string).joined(separator: ", "))
        }
        print("generated \(report.done), cost \(report.cost)")
        guard report.isAllDone else { throw GenerationError(.providerFailed, "not every image was generated") }
    }
}
