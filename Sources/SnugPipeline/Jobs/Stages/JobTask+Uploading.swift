// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTypes
import SnugHTTP
import SnugLedger
import SnugSystem
import SnugUpload
import SystemPackage

extension JobTask {
    /// The validity of an address that a provider is to fetch from: the longest that S3 signs for, because a job may wait for
    /// its account.
    private static let addressLifetime = Duration.seconds(7 * 86_400)

    /// Uploads the image, the same way as `snug upload`.
    func upload() async throws -> Success {
        guard let order = options.upload else {
            throw StepFault(.held, "unknown_options", "the job's pipeline does not upload; drop the job")
        }
        var (image, payload) = try await stagedImage()
        let next = options.step(after: .upload)
        guard payload.receipt == nil else { return Success(outcome: .advanced(to: next), payload: payload) }
        var destination = try await services.threads.run { try order.destination() }
        if options.stages.contains(.generate) { destination.s3?.presignedFor = Self.addressLifetime }
        let isForm = destination.uploadProtocol == .form
        // A form that is sent twice may be stored twice; everything else resumes, or replaces itself.
        try await services.ledger.recordIntent(StepIntent(isForm ? .never : .safe), under: claim.lease)
        services.passed(.intended)
        // One name in two subfolders is two objects.
        let name = original.folder.appending(RelativePath(bytes: image.bytes).name)
        var request = UploadRequest(
            inputs: [UploadInput(image, name: FilePath(bytes: name.bytes))], destination: destination)
        // A daemon that is stopped resumes the upload at its next start.
        request.options.discardsWhenCancelled = false
        // The same bytes at the same address change nothing; the rest is sent again by a person's decision only.
        let replaces = [.put, .s3, .rangedPut].contains(destination.uploadProtocol)
        request.options.repeatsUnknown = replaces || job.step == .submit
        let report = try await UploadRun(request, uploader: services.uploader).run()
        services.passed(.worked)
        guard let receipt = report.receipts[image] else {
            let error =
                report.failures.first?.error ?? UploadError(.serverMisbehaved, "the upload ended without a receipt")
            var fault = StepFault(error)
            if fault.kind == .unknown, !isForm { fault.kind = .held }
            throw fault
        }
        payload.receipt = receipt
        return Success(
            outcome: .advanced(to: next), payload: payload, events: [.uploaded(bytes: receipt.bytes)])
    }
}

extension UploadOrder {
    /// The destination. It may block.
    /// - Throws: ``DaemonError`` with `secret_missing`; ``StepFault`` for an address that is none.
    func destination() throws -> UploadDestination {
        let address: HTTPURL
        do throws(HTTPError) { address = try HTTPURL(url) } catch {
            throw StepFault(.definite, "invalid_target", error.message)
        }
        var destination = UploadDestination(url: address, uploadProtocol: uploadProtocol)
        destination.contentType = contentType
        destination.form.fileField = formField
        for header in headers {
            guard let name = HTTPField.Name(header.name) else {
                throw StepFault(
                    .definite, "invalid_target", "'\(PrintableName.escaped(header.name))' is no header name")
            }
            destination.headers.append(HTTPField(name: name, value: try header.value()))
        }
        if let s3KeyID, let s3Key {
            destination.s3 = S3Settings(
                accessKeyID: try s3KeyID.value(), secretKey: Secret(try s3Key.value()),
                region: s3Region ?? "us-east-1")
        }
        return destination
    }
}

extension UploadReceipt {
    /// The receipt as a file, without an address that is to be kept secret.
    func fileBytes() throws -> [UInt8] {
        var receipt = self
        receipt.presignedURL = nil
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try Array(encoder.encode(receipt)) + [0x0A]
    }
}
