// SPDX-License-Identifier: Apache-2.0

extension StorageSweeper {
    /// Removes what hosts that were killed have left of objects that they were storing.
    ///
    /// By age only: nobody takes so long to store one object. A storage that cannot tell what is unfinished, or does not let
    /// these keys see it, is noted in the report and is no fault of the sweep.
    /// - Throws: ``StorageError``, `CancellationError`.
    func sweepUnfinished(
        _ report: inout Report, isDryRun: Bool, _ removed: @Sendable (UnfinishedObject) -> Void
    ) async throws {
        do {
            try await storage.forEachUnfinished { object in
                try Task.checkCancellation()
                report.unfinished += 1
                guard let age = object.age, age > grace else { return }
                if !isDryRun { try await storage.removeUnfinished(object) }
                removed(object)
                report.unfinishedRemoved += 1
            }
        } catch let error as StorageError where error.code == .unsupported {
            report.unfinishedNote = error.message
        } catch let error as StorageError where error.code == .refused {
            report.unfinishedNote =
                "\(error.message). Let these keys list and abort multipart uploads (s3:ListBucketMultipartUploads, "
                + "s3:AbortMultipartUpload), or give the bucket a lifecycle rule"
        }
    }
}
