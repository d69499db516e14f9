// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTypes
import SnugHTTP
import SnugImage
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
        let endpoint = try await destination.resolve(services.uploader)
        try endpoint.checkHasNames()
        let name = try await ObjectNames(store: services.objectNames, endpoint: endpoint)
            .reserve(objectName(payload), for: try await digest(of: image, payload))
        let isForm = endpoint.uploadProtocol == .form
        // A form that is sent twice may be stored twice; everything else resumes, or replaces itself.
        try await services.ledger.recordIntent(StepIntent(isForm ? .never : .safe), under: claim.lease)
        services.passed(.intended)
        var request = UploadRequest(
            inputs: [UploadInput(image, name: FilePath(bytes: name.bytes))], destination: destination)
        request.options.inputName = setup.context(named: job.folder).map { original.path(below: $0.settings.inbox) }
        // A daemon that is stopped resumes the upload at its next start.
        request.options.discardsWhenCancelled = false
        // The same bytes at the same address change nothing; the rest is sent again by a person's decision only.
        let replaces = UploadPlan.namesObjects(endpoint.uploadProtocol)
        request.options.repeatsUnknown = replaces || job.step == .submit
        let report = try await UploadRun(request, uploader: services.uploader).run()
        services.passed(.worked)
        guard var receipt = report.receipts[image] else {
            let error =
                report.failures.first?.error ?? UploadError(.serverMisbehaved, "the upload ended without a receipt")
            var fault = StepFault(error)
            if fault.kind == .unknown, !isForm { fault.kind = .held }
            throw fault
        }
        // What grants access to the address is in no receipt.
        if order.query != nil { receipt.url = String(receipt.url.prefix { $0 != "?" }) }
        payload.receipt = receipt
        return Success(
            outcome: .advanced(to: next), payload: payload, events: [.uploaded(bytes: receipt.bytes)])
    }

    /// The names that the object can have: those of the result in the outbox. One name in two subfolders is two objects.
    private func objectName(_ payload: JobPayload) -> ResultName {
        let isText = String(validating: original.name, as: UTF8.self) != nil
        return ResultName(
            original, suffix: payload.fitted?.suffix ?? (isText ? FilePath(bytes: original.name).extension : nil))
    }

    /// SHA-256 of the object's bytes in hexadecimal.
    private func digest(of image: FilePath, _ payload: JobPayload) async throws -> String {
        if let known = payload.fitted?.digest ?? job.identity.contentHash { return known }
        return try await services.threads.run {
            try JobFiles.digest(of: PublishedContent(ImageSource(file: image, followsLinks: false)))
        }
    }
}

extension UploadEndpoint {
    /// Checks that each file gets an address of its own.
    /// - Throws: ``StepFault`` with `invalid_target`.
    fileprivate func checkHasNames() throws(StepFault) {
        guard let fault = UploadSettings.fault(ofAddress: url, uploadProtocol) else { return }
        throw StepFault(.definite, "invalid_target", "\(fault); then copy the file to the inbox again")
    }
}

extension UploadOrder {
    /// The destination. It may block.
    /// - Throws: ``DaemonError`` with `secret_missing`; ``StepFault`` for an address that is none.
    func destination() throws -> UploadDestination {
        let address: HTTPURL
        let secret = try query?.value()
        do throws(HTTPError) {
            var plain = try HTTPURL(url)
            // Azure's page shows its tokens with the question mark.
            if let secret { plain = try plain.appending(query: String(secret.trimmingPrefix("?"))) }
            address = plain
        } catch {
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
