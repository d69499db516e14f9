// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SystemPackage

/// The file of `--report`.
struct ReportFile: Hashable, Sendable {
    typealias Format = ReportDocument.Format

    var path: FilePath
    var format: Format

    /// Writes the report of a run in place of an earlier one.
    /// - Throws: ``ImageError``, `CancellationError`.
    func write(_ records: [FitRecord], fitter: ImageFitter) async throws {
        let document = ReportDocument(records)
        let text =
            switch format {
            case .csv: document.csv
            case .json: document.json
            case .html: try await document.html(fitter: fitter)
            }
        let (path, bytes) = (path, Array(text.utf8))
        do {
            try await BlockingThreads(count: 1).run {
                _ = try FilePublisher().publish(to: path, replacing: true) { write in try write(bytes[...]) }
            }
        } catch let failure as SystemFailure {
            throw ImageError(failure)
        }
    }
}
