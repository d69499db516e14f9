// SPDX-License-Identifier: Apache-2.0
package import SnugUpload
package import SystemPackage

/// A storage in a bucket: the objects are `PREFIX/sha256/ab/abcdef…`.
package struct S3Storage: ByteStorage {
    private let client: BucketClient
    /// The beginning of all keys: empty, or with a slash at its end.
    private let prefix: String
    /// The age from which an object is stored again when it is needed, so that it is no orphan soon.
    private let renewalAge: Duration

    /// The object that names the ledger.
    private static let mark = "ledger"
    private static let markLimit = 1024

    /// - Parameters:
    ///   - client: The bucket.
    ///   - prefix: A folder in it, empty for none.
    ///   - grace: The age from which ``StorageSweeper`` removes what no job refers to.
    package init(_ client: BucketClient, prefix: String, grace: Duration = StorageSweeper.usualGrace) {
        self.client = client
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
        renewalAge = grace / 2
    }

    /// `s3://BUCKET/PREFIX`.
    package var place: String { "\(client.address)" + (prefix.isEmpty ? "" : "/\(prefix.dropLast())") }

    package func store(_ file: FilePath, as object: StoredObject) async throws {
        let key = try key(object.digest)
        let content = BucketContent(sha256: object.digest, byteCount: object.byteCount)
        try await mapped {
            let found = try await client.head(key)
            if let found, found.byteCount == object.byteCount, found.age < renewalAge { return }
            try await client.put(file, as: key, content: content)
            // A sweep that saw the old object may have removed it after it was sent again.
            if found != nil, try await client.head(key) == nil {
                try await client.put(file, as: key, content: content)
            }
        }
    }

    package func fetch(_ object: StoredObject, to file: FilePath) async throws {
        let key = try key(object.digest)
        try await mapped {
            try await client.get(
                key, to: file, content: BucketContent(sha256: object.digest, byteCount: object.byteCount))
        }
    }

    package func objects(after digest: String?) async throws -> [ListedObject] {
        let after = try digest.map { digest throws(StorageError) in try key(digest) }
        return try await mapped {
            var page = try await client.list(prefix: prefix + "sha256/", after: after)
            while true {
                let objects = page.objects.compactMap(listed)
                // A page of other people's objects is not the end.
                guard objects.isEmpty, let next = page.next else { return objects }
                page = try await client.list(prefix: prefix + "sha256/", continuation: next)
            }
        }
    }

    package func remove(_ digest: String) async throws {
        let key = try key(digest)
        try await mapped { try await client.delete(key) }
    }

    package func age(of digest: String) async throws -> Duration? {
        let key = try key(digest)
        return try await mapped { try await client.head(key)?.age }
    }

    package func forEachUnfinished(_ visit: (UnfinishedObject) async throws -> Void) async throws {
        var next: BucketUploadPage.Continuation?
        repeat {
            let page = try await mapped {
                try await client.unfinishedUploads(prefix: prefix + "sha256/", continuation: next)
            }
            // Other people's uploads are theirs.
            for upload in page.uploads where StoredObject.digest(ofPath: upload.key.dropFirst(prefix.count)) != nil {
                try await visit(UnfinishedObject(name: upload.key, id: upload.id, age: upload.age))
            }
            next = page.next
        } while next != nil
    }

    package func removeUnfinished(_ object: UnfinishedObject) async throws {
        try await mapped {
            try await client.abort(BucketUpload(key: object.name, id: object.id, age: object.age))
        }
    }

    package func owner() async throws -> String? {
        let bytes = try await mapped { try await client.read(prefix + Self.mark, maximum: Self.markLimit) }
        return bytes.map { String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace } }
    }

    package func setOwner(_ ledger: String) async throws {
        _ = try await mapped { try await client.create(Array("\(ledger)\n".utf8), as: prefix + Self.mark) }
    }

    private func key(_ digest: String) throws(StorageError) -> String { prefix + (try StoredObject.path(of: digest)) }

    private func listed(_ object: BucketObject) -> ListedObject? {
        StoredObject.digest(ofPath: object.key.dropFirst(prefix.count)).map {
            ListedObject(digest: $0, byteCount: object.byteCount, age: object.age)
        }
    }

    /// Runs a call, and tells its failure in the terms of a storage.
    private func mapped<Result>(_ call: () async throws -> Result) async throws -> Result {
        do {
            return try await call()
        } catch let error as BucketError {
            throw StorageError(error, at: place)
        }
    }
}

extension StorageError {
    /// An error of the bucket as one of the storage.
    init(_ error: BucketError, at place: String) {
        let code: Code =
            switch error.code {
            case .notFound: .missing
            case .damaged: .damaged
            case .fileFailed: .ioFailed
            case .unsupported: .unsupported
            case .unavailable, .misbehaved: .unavailable
            case .invalidAddress, .noBucket, .credentialsRefused, .refused: .refused
            }
        self.init(code, "\(place): \(error.message)", retryAfter: error.retryAfter)
    }
}
