// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugImage
import SnugUpload
import SystemPackage

/// Uploads the files of one command, a few at a time; each resumes by itself.
struct UploadSession {
    let uploader: Uploader
    let destination: UploadDestinationOptions
    let transfer: UploadTransferOptions
    let reporter: UploadReporter

    /// - Returns: How many failed.
    func run() async throws -> Int {
        let limiter = transfer.limitRate.map { BandwidthLimiter(bytesPerSecond: $0.bytes) }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            var failed = 0
            for (number, file) in destination.files.enumerated() {
                if number >= transfer.jobs, try await group.next() == false { failed += 1 }
                group.addTask { try await upload(file, limiter) }
            }
            for try await isDone in group where !isDone { failed += 1 }
            return failed
        }
    }

    /// - Returns: Whether it is there.
    private func upload(_ file: PathArgument, _ limiter: BandwidthLimiter?) async throws -> Bool {
        let name = PrintableName.of(file.path)
        do {
            let spooled = file.path == "-" ? try SpooledInput(near: transfer.directory) : nil
            let source = try WorkingFolder.absolute(spooled?.path ?? file.path)
            let target = try await destination.target(for: source, uploader: uploader)
            var options = transfer.options { [reporter] in reporter.moved($0, of: name) }
            options.bandwidthLimiter = limiter
            // What came from standard input cannot be read again by another process.
            if spooled != nil { options.discardsWhenCancelled = true }
            let receipt = try await uploader.upload(source, to: target, options: options)
            let kept = try ReceiptFile.write(receipt, in: transfer.directory, for: source)
            reporter.finished(name, receipt, keptAt: kept)
            return true
        } catch let error as UploadError {
            reporter.failed(name, error)
        } catch let error as HTTPError {
            reporter.failed(name, UploadError(.invalidTarget, error.message, cause: error))
        }
        return false
    }
}
