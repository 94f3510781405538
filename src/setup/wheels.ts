// Written by scripts/assets/pin-wheels.mjs; do not edit.

export const TORCH_VERSION = '2.15.0'

/** The wheels were resolved for this Python; libtorch in them does not depend on it. */
export const WHEEL_PYTHON = '3.11'

/** Linux wheels by Node's name of the architecture: name, version, sha256. */
export const WHEELS: Readonly<Record<string, readonly (readonly [name: string, version: string, sha256: string])[]>> = {
  x64: [
    ['torch', '2.15.0', '48c2d861134c0b5697c7602cb5ffa68f62a2989fdcd1717e593356f67996ca1e'],
    ['nvidia-cudnn-cu13', '9.26.0.51', '9c976d539786698c71d6bcdbe2053b7485fae062ff7e1215d2f2ff67b1a2149a'],
    ['nvidia-cusparselt-cu13', '0.8.1', '786ce87568c303fadb5afcc7102d454cd3040d75f6f8626f5db460d1871f4dd0'],
    ['nvidia-nccl-cu13', '2.30.7', 'cefa7fdb9710efd0f39c5f1be1d61ff6fc9a996c451265bd7fbdcf9455ed4b50'],
    ['nvidia-nvshmem-cu13', '3.7.2', 'b9a4f843c62b5dded8ad33fd6d220e007dcd39f06cee549292f5ba14ce4c235c'],
    ['nvidia-cublas', '13.4.1.3', 'a5917cb642cfb07f4a0231ee16aec7e2e0357d8cb8b1b78a0c9c68dba3e6afc7'],
    ['nvidia-cuda-cupti', '13.2.86', '8fa29f15dd8336181f961764d9d95236fc6b931dd0c8fcf8cd70aab0c310b586'],
    ['nvidia-cuda-nvrtc', '13.2.86', '8111c5130e967b78222ea2124145f8efe9ce201b752b2579a2513100a53be1c5'],
    ['nvidia-cuda-runtime', '13.2.86', '3498247680dfddce31bad102af7e3e26fc795342a3cac64722bb0fa95e7f60f0'],
    ['nvidia-cufft', '12.2.0.57', '34da27fadf3979b0b042c43823f0530be8408b86df31ee0108e1ca0b621d4ef6'],
    ['nvidia-cufile', '1.17.1.22', '87feaf8c3ad20d3d03a01933181801ff6892bace5c8f0b1e4b48f319d3e62d36'],
    ['nvidia-cusolver', '12.2.0.11', 'fab5778f6769947389a1a6abc07e635576825a08c0ffc68c3ae7f1392c794b42'],
    ['nvidia-cusparse', '12.7.10.12', '25907c75e4db1581685f06f61cc6cdecc04611765516a52373e0a18ebd69fa00'],
    ['nvidia-nvtx', '13.2.86', '968ce72baee2a01791c7d3254000eac81f24677b0b91c62d21b449a1f309c245'],
    ['nvidia-nvjitlink', '13.5.37', '280d7cb9649704145f074b8dbde500de04ce02d0872e066e20a83c17bcaa93eb'],
    ['nvidia-cuda-cccl', '13.3.5.0.6', 'd5230098fa2df5021e1a00c0c4eee41797671a91119d31e892463e5ccf3ee326'],
  ],
  arm64: [
    ['torch', '2.15.0', '58ce2ebfb3430941353109a85be63ee8e941da22f13daa2c43344eeb51c81e06'],
    ['nvidia-cudnn-cu13', '9.26.0.51', '8e5b4f5eccff721416f70ecf4353172fc4d5cdd8ca869fe6f983a4a5b0147b20'],
    ['nvidia-cusparselt-cu13', '0.8.1', '4dca476c50bf4780d46cd0bfbd82e2bc10a08e4fef7950917ce8d7578d22a23f'],
    ['nvidia-nccl-cu13', '2.30.7', 'ca786ffa5a647c75d4d1f5cc72a6c4f537947e2ba8823d7c8aaf768e7a7b9f77'],
    ['nvidia-nvshmem-cu13', '3.7.2', '0e748308b9e0a8a8d81859353f3e6c98fbe85a85f652a915a2ba60149a0bd124'],
    ['nvidia-cublas', '13.4.1.3', '4eb1472bf92b741e7cf24da7978dde251b58ddec2092d9f6a04f3623eb4e9a15'],
    ['nvidia-cuda-cupti', '13.2.86', 'd9a5c133f73fcb9013f3ada0da6fb54d4117618d81f3f5a0419417ea6ee829d4'],
    ['nvidia-cuda-nvrtc', '13.2.86', '1e5d7b411a2eb83f5c71c98d58133a763fc9fa86a4241ee320c5c4782d9ad1fd'],
    ['nvidia-cuda-runtime', '13.2.86', '37844957894bfdecf90243568d21a2cb251b66106915b71459a23c8e6ef2da69'],
    ['nvidia-cufft', '12.2.0.57', '1ed438568ae1088ba2c25789d10205d4104b8b140b7bd942e39a787947a0fb74'],
    ['nvidia-cufile', '1.17.1.22', 'bec33d7f1f12691dce330275246587569c2ed90b1ce43b0f94b3e1ce9268744b'],
    ['nvidia-cusolver', '12.2.0.11', '8be097fca28de6be0990ab216ee9b804dd51077e1d1d83acf6c9850650bdc64d'],
    ['nvidia-cusparse', '12.7.10.12', '597eff2cd83e3ab1d1e3a0dce9c9c879d77cf64ec2659bfdb5af6a5d02e7aaa9'],
    ['nvidia-nvtx', '13.2.86', '1c6ae1be92fba569dd271f7b9b3056f99f5642726dc6c53d1b93ae4110c398fb'],
    ['nvidia-nvjitlink', '13.5.37', '893f6f9a55b2720ed94913b5ba3332e972da8c78dfa2863d0244403dbd528ffc'],
    ['nvidia-cuda-cccl', '13.3.5.0.6', '6f30b8076b3e69951c459c94ae190bde51924b320076ebaec376d36848b4c76e'],
  ],
}

export const PILLOW_VERSION = '13.0.0'

/** SHA-256 of Pillow's Linux wheels by Node's name of the architecture. */
export const PILLOWS: Readonly<Record<string, string>> = {
  x64: 'a625df9a2a5597fa5e5266e01aefc82604bb85d291e3547981e863560d75da6c',
  arm64: '7c88c10dd432f3b39ccdafc9ed81d0c21b8fd634502574da76d1bfa4fe2c76d0',
}
