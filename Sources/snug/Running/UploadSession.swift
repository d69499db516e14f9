// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugImage
import SnugUpload
import SystemPackage

/// Uploads the files of one command, one after the other: each has the line to itself and resumes by itself.
struct UploadSession {
    let uploader: Uploader
    let destination: UploadDestinationOptions
    let transfer: UploadTransferOptions
    let reporter: UploadReporter

    /// - Returns: How many failed.
    func run() async throws -> Int {
        var failed = 0
        let limiter = transfer.limitRate.map { BandwidthLimiter(bytesPerSecond: $0.bytes) }
        for file in destination.files {
            let name = PrintableName.of(file.path)
            do {
                let spooled = file.path == "-" ? try SpooledInput(near: transfer.directory) : nil
                let path = spooled?.path ?? file.path
                let source = try WorkingFolder.absolute(path)
                let target = try await destination.target(for: source, uploader: uploader)
                var options = transfer.options { [reporter] in reporter.moved($0, of: name) }
                options.bandwidthLimiter = limiter
                // What came from standard input cannot be read again by another process.
                if spooled != nil { options.discardsWhenCancelled = true }
                let receipt = try await uploader.upload(source, to: target, options: options)
                let kept = try ReceiptFile.write(receipt, in: transfer.directory, for: source)
                reporter.finished(name, receipt, keptAt: kept)
            } catch let error as UploadError {
                failed += 1
                reporter.failed(name, error)
            } catch let error as HTTPError {
                failed += 1
                reporter.failed(name, UploadError(.invalidTarget, error.message, cause: error))
            }
        }
        return failed
    }
}
