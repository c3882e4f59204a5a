from typing import Optional
__all__ = ['__version__', 'cuda']
__version__ = version = '2.15.0+cu132'
debug = False
cuda: Optional[str] = '13.2'
hip = None
