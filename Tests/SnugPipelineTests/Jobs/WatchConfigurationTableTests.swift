// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Configurations that contradict themselves: each is refused before anything runs, by what is wrong and what to do.
@Suite struct WatchConfigurationTableTests {
    private struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: DaemonError.Code
        var hint: String
        var change: @Sendable (inout WatchConfiguration, FilePath) -> Void

        init(
            _ name: String, _ hint: String, _ code: DaemonError.Code = .invalidConfiguration,
            _ change: @escaping @Sendable (inout WatchConfiguration, FilePath) -> Void
        ) {
            testDescription = name
            self.hint = hint
            self.code = code
            self.change = change
        }
    }

    private static func generating(
        _ configuration: inout WatchConfiguration, _ account: Account = Account(name: "main", provider: .openai)
    ) {
        configuration.folders[0].pipeline = Pipeline([.generate]) ?? .fit
        configuration.folders[0].generation = GenerationSettings(account: "main", prompt: "p")
        configuration.accounts = [account]
    }

    private static func uploading(
        _ configuration: inout WatchConfiguration, _ address: String, _ uploadProtocol: UploadProtocol?
    ) {
        configuration.folders[0].pipeline = Pipeline([.upload]) ?? .fit
        configuration.folders[0].upload = (try? HTTPURL(address)).map {
            UploadSettings(url: $0, uploadProtocol: uploadProtocol)
        }
    }

    private static let cases = [
        Case("no folder", "name one") { configuration, _ in configuration.folders = [] },
        Case("nameless folder", "has no name") { configuration, _ in configuration.folders[0].name = "" },
        Case("nameless account", "an account has no name") { configuration, _ in
            configuration.accounts = [Account(name: "", provider: .openai)]
        },
        Case("two accounts of a name", "rename one") { configuration, _ in
            configuration.accounts = [Account(name: "a", provider: .openai), Account(name: "a", provider: .elumenta)]
        },
        Case("uploads of none", "the number of uploads is 0") { configuration, _ in configuration.workers.uploads = 0 },
        Case("submissions of none", "the number of submissions is -1") { configuration, _ in
            configuration.workers.submissions = -1
        },
        Case("deliveries of none", "the number of deliveries is 0") { configuration, _ in
            configuration.workers.deliveries = 0
        },
        Case("memory of none", "1 byte or more") { configuration, _ in configuration.memory = 0 },
        Case("address of an account", "account 'main'") { configuration, _ in
            var account = Account(name: "main", provider: .openai)
            account.baseURL = "no address"
            configuration.accounts = [account]
        },
        Case("generation without an account", "no account is named") { configuration, _ in
            configuration.folders[0].pipeline = Pipeline([.generate]) ?? .fit
        },
        Case("images of none", "asks for 0 images") { configuration, _ in
            generating(&configuration)
            configuration.folders[0].generation?.count = 0
        },
        Case("addresses only", "image_host") { configuration, _ in
            generating(&configuration, Account(name: "main", provider: .elumenta))
        },
        Case("PUT to one address", "end it with '/'") { configuration, _ in
            uploading(&configuration, "https://h/box", .put)
        },
        Case("S3 to one address", "for s3") { configuration, _ in
            uploading(&configuration, "https://h/bucket/key", .s3)
        },
        Case("ranged PUT to one address", "for ranged-put") { configuration, _ in
            uploading(&configuration, "https://h/a", .rangedPut)
        },
        Case("secret in an address", "${env:NAME}") { configuration, _ in
            uploading(&configuration, "https://h/a/?sig=x", .put)
        },
        Case("inbox is a file", "is no folder; name a folder") { configuration, root in
            configuration.folders[0].inbox = root.appending("file")
        },
        Case("outbox below a file", "/file, which is no folder") { configuration, root in
            configuration.folders[0].outbox = root.appending("file/out")
        },
        Case("state is a file", "the state directory") { configuration, root in
            configuration.stateDirectory = root.appending("file")
        },
        Case("negative patience", "the patience of folder 'in' is negative") { configuration, _ in
            configuration.folders[0].patience = .seconds(-1)
        },
        Case("negative scan interval", "the scan interval") { configuration, _ in
            configuration.folders[0].scanInterval = .seconds(-1)
        },
        Case("negative poll interval", "the poll interval") { configuration, _ in
            configuration.folders[0].pollInterval = .seconds(-1)
        },
        Case("attempts of none", "allow 1 or more") { configuration, _ in configuration.folders[0].maximumAttempts = 0
        },
        Case("outbox is the inbox", "overlap", .foldersOverlap) { configuration, _ in
            configuration.folders[0].outbox = configuration.folders[0].inbox
        },
        Case("inbox inside the outbox", "overlap", .foldersOverlap) { configuration, root in
            configuration.folders[0].outbox = root
        },
        Case("inbox inside the state", "overlap", .foldersOverlap) { configuration, root in
            configuration.stateDirectory = root
        },
        Case("feeding cycle", "overlap", .foldersOverlap) { configuration, root in
            configuration.folders.append(
                WatchFolder(inbox: root.appending("out"), outbox: root.appending("in"), name: "back"))
        },
        Case("one inbox twice", "overlap", .foldersOverlap) { configuration, root in
            configuration.folders.append(
                WatchFolder(inbox: root.appending("in"), outbox: root.appending("x"), name: "twice"))
        },
        Case("by a link", "overlap", .foldersOverlap) { configuration, root in
            configuration.folders[0].outbox = root.appending("link/results")
        },
    ]

    @Test("Each contradiction is told", arguments: cases)
    private func refused(expected: Case) throws {
        let folder = try TemporaryFolder()
        for name in ["in", "out"] { try FileSystem.makeFolders(folder.path.appending(name)) }
        try folder.makeLink("link", to: "in")
        try folder.write([1], to: "file")
        var configuration = WatchConfiguration(
            stateDirectory: folder.path.appending("state"),
            folders: [WatchFolder(inbox: folder.path.appending("in"), outbox: folder.path.appending("out"))])
        #expect(throws: Never.self) { try configuration.validate() }
        expected.change(&configuration, folder.path)
        let error = #expect(throws: DaemonError.self) { try configuration.validate() }
        #expect(error?.code == expected.code, "\(String(describing: error))")
        #expect(error?.message.contains(expected.hint) == true, "\(error?.message ?? "")")
    }

    @Test("An endpoint that names objects itself needs no slash, nor does a server that is asked")
    func endpoints() throws {
        let folder = try TemporaryFolder()
        for uploadProtocol in [.tus, .form, .resumable, nil] as [UploadProtocol?] {
            var configuration = WatchConfiguration(
                stateDirectory: folder.path.appending("state"),
                folders: [WatchFolder(inbox: folder.path.appending("in"), outbox: folder.path.appending("out"))])
            Self.uploading(&configuration, "https://h/files", uploadProtocol)
            #expect(throws: Never.self) { try configuration.validate() }
        }
    }

    @Test("Folders beside each other, and a done folder that is not used, are no contradiction")
    func allowed() throws {
        let folder = try TemporaryFolder()
        func watched(_ name: String) -> WatchFolder {
            WatchFolder(inbox: folder.path.appending("in-\(name)"), outbox: folder.path.appending("out"), name: name)
        }
        var configuration = WatchConfiguration(
            stateDirectory: folder.path.appending("state"), folders: [watched("a"), watched("b"), watched("ab")])
        #expect(throws: Never.self) { try configuration.validate() }
        configuration.folders[0].doneFolder = folder.path.appending("in-a/done")
        #expect(throws: DaemonError.self) { try configuration.validate() }
        configuration.folders[0].source = .delete
        #expect(throws: Never.self) { try configuration.validate() }
    }
}
