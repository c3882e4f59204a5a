# c
import collections
build_info = collections.OrderedDict({'cuda_version': '12.5.1', 'cuda_compute_capabilities': ['sm_60', 'compute_90'], 'is_cuda_build': True,  # c
})
o = OrderedDict([('a', 'b')])
