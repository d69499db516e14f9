// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage

/// A folder with inputs, in which runs are made.
final class RunFolder: Sendable {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func path(_ name: String) -> FilePath { folder.path.appending(FilePath(name).components) }

    /// The outputs below a folder, by their names there.
    func outputs(_ out: String = "out") -> [String] {
        folder.files().filter { $0.hasPrefix(out + "/") }.map { String($0.dropFirst(out.utf8.count + 1)) }
    }

    /// The bytes of a record's output; `nil` when it is not there.
    func output(_ record: FitRecord) throws -> [UInt8]? {
        guard let output = record.output else { return nil }
        return try folder.bytes(of: String(output.string.dropFirst(folder.path.string.count + 1)))
    }

    /// A run, and the end of each input by its path below the folder.
    struct Outcome {
        var report: FitReport
        var records: [String: FitRecord]
        var notices: [String]
    }

    /// Fits into `out` by the real engine.
    func run(
        _ inputs: [String] = ["in"], to destination: FitRequest.Destination? = nil,
        change: (inout FitRequest) -> Void = { _ in }
    ) async throws -> Outcome {
        let fitter = ImageFitter(configuration: ImageFitter.Configuration(threads: 1))
        return try await run(
            inputs, to: destination, fit: { try await fitter.fit($0, limits: $1, policy: $2) }, change: change)
    }

    /// Fits into `out` by another engine.
    func run(
        _ inputs: [String] = ["in"], to destination: FitRequest.Destination? = nil, calls: PublishingCalls = .system,
        fit: @escaping FitRun.Fit, change: (inout FitRequest) -> Void = { _ in }
    ) async throws -> Outcome {
        var request = FitRequest(
            inputs: inputs.map(path), destination: destination ?? .folder(path("out")), maximumConcurrency: 2)
        change(&request)
        let run = FitRun(request, publisher: OutputPublisher(FilePublisher(calls: calls)), fit: fit)
        let seen = Mutex<(records: [String: FitRecord], notices: [String])>(([:], []))
        let start = folder.path.string.utf8.count + 1
        let report = try await run.run { event in
            seen.withLock { seen in
                switch event {
                case .finished(let record, _):
                    seen.records[String(decoding: record.input.bytes.dropFirst(start), as: UTF8.self)] = record
                case .notice(let text): seen.notices.append(text)
                case .began, .interrupted: break
                }
            }
        }
        let (records, notices) = seen.withLock { ($0.records, $0.notices) }
        return Outcome(report: report, records: records, notices: notices)
    }
}

extension FitRecord {
    /// A record with every field that a fitted image has.
    static var example: FitRecord {
        var record = FitRecord(input: "in/a.png", status: .fitted, limitBytes: 10_000_000, inputBytes: 12_345_678)
        record.output = "out/a.jpg"
        record.outputBytes = 9_876_543
        record.size = PixelSize(width: 6000, height: 4000)
        record.outputSize = PixelSize(width: 5400, height: 3600)
        record.format = .jpeg
        record.quality = 84.5
        record.scale = 0.9
        record.encodes = 1
        record.seconds = 1.25
        return record
    }
}
